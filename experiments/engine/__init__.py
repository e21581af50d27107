"""What all experiments share: declaration, command line, workers, journal and provenance."""

"""Local workers load this first: the main process ends them, and not the terminal's Ctrl-C.

Where there are signal masks, workers have one from their start.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)

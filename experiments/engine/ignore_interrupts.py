"""Local workers load this first: the main process ends them, and not the terminal's Ctrl-C."""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)

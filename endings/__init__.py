"""The ends of a command: errors in a few lines, Ctrl-C and SIGTERM in one."""

from endings.errors import in_short
from endings.output import open_ended
from endings.run import in_brief
from endings.stops import Stopped, stop

__all__ = ["Stopped", "in_brief", "in_short", "open_ended", "stop"]

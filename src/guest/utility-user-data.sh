# The dead-man timer: whatever becomes of the run, the instance ends itself.
# usage: DEAD_MAN_MINUTES
shutdown -P "+$1"

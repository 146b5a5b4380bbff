"""I/O of the flows. Whatever is imported of it, the logs of runs are careful from then on."""

from tasks.logs import guard_run_logs

guard_run_logs()

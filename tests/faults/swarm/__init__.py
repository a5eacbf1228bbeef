"""A thousand robots and a thousand watchers in one process: they speak, and do no work."""

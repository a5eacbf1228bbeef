"""The robot agent: claims jobs, runs each in a process of its own, says what happened."""

"""The command line: ``app`` declares the commands, and a file for each group of them does the work."""

"""What the commands do; ``pymts.cli`` declares them."""

"""Object storage: ``objects`` speaks to it, ``remote`` knows how a store lies there, ``transfer`` pushes and pulls."""

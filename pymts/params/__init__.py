"""Parameters: ``base`` has those of every model, ``fields`` their types, ``validation`` checks what is given."""

"""Parameters: ``base`` has those common to all models, ``fields`` their types, ``validation`` the checks."""

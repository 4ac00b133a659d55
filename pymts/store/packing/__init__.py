"""Many small datasets in few files: ``pack`` makes shards, ``packed`` reads them, ``manifest`` lists what is in one."""

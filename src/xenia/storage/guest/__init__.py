"""What is inside a guest's image: layers, partitions, file systems, boot menus. All of it runs in the worker only."""

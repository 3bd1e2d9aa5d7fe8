"""What tools/fw.py is made of. Standard library only."""

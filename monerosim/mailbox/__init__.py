"""How hosts coordinate: letters, standing facts, and finding each other."""

"""What crosses between the execution kernel and a site: the messages, and a carrier per file."""

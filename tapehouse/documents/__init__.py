"""What the landing's raw responses say: documents and values, made alike whatever source told them."""

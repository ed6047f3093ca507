"""What a proxied call costs, here and in what one would run instead of this gateway."""

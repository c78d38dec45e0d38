"""How small the codecs make a user's own pictures and clips, beside other formats."""

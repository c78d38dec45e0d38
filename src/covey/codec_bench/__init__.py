"""How small the image codec makes a user's own pictures, beside other formats."""

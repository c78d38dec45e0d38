"""From latents to bytes and back, by integers alone."""

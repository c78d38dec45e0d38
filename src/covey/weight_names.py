"""Names in folders of weights, for those who need no more of `hub`: it imports every model."""

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
CODEC_KIND = "image codec"
"""Of models that `covey.codec_weights` reads."""
VIDEO_KIND = "video codec"
"""Of models that `covey.video_weights` reads."""

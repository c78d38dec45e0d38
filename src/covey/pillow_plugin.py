"""Lets Pillow open and save .cvi files: `import covey.pillow_plugin`, then `Image.open("x.cvi")`.

Of a damaged file Pillow gets what can be read, and a warning; where nothing can be, it gets an
OSError, as of its own formats.
"""

from __future__ import annotations

import warnings
from typing import IO, Any

from PIL import Image, ImageFile

from covey.codec.container import MAGIC, MOST_PIXELS, unpack
from covey.types import CoveyError

FORMAT = "CVI"


class CviImageFile(ImageFile.ImageFile):
    """A .cvi file as Pillow sees it; pixels are decoded when they are first used."""

    format = FORMAT
    format_description = "Covey's learned image format"
    _data: bytes | None = None
    _sound = True

    def _open(self) -> None:
        data = self.fp.read()  # type: ignore[union-attr]
        try:
            container = unpack(data, "the file", MOST_PIXELS)
        except CoveyError as error:
            raise SyntaxError(str(error)) from None
        header = container.header
        self._data = data
        self._sound = not container.lost and all(tile.sound for tile in container.tiles)
        self._size = header.width, header.height
        self._mode = "L" if header.grey else "RGB"
        if "alpha" in container.sections:
            self._mode = "LA" if header.grey else "RGBA"
        if "profile" in container.sections:
            self.info["icc_profile"] = container.sections["profile"]
        if header.orientation != 1:
            exif = Image.Exif()
            exif[0x0112] = header.orientation
            self.info["exif"] = exif.tobytes()
        self.tile = []

    def verify(self) -> None:
        """Raises OSError if anything of the file is damaged or missing."""
        if not self._sound:
            raise OSError("the file is damaged or cut off")
        super().verify()

    def load(self) -> Any:
        """Decodes the pixels."""
        if self._data is not None:
            from covey.codec_weights import default_codec
            from covey.io.pictures import image_of
            from covey.pictures import decode_bytes

            try:
                found = decode_bytes(self._data, "the file", default_codec())
            except CoveyError as error:
                raise OSError(str(error)) from None
            for what in found.damage:
                warnings.warn(f"the file: {what}", stacklevel=2)
            image = image_of(found.picture, upright=False).convert(self._mode)
            self.im = image.im
            self._data = None
            if self.fp is not None and self._exclusive_fp:
                self.fp.close()
            self.fp = None
        return super().load()


def _accepts(prefix: bytes) -> bool:
    return prefix.startswith(MAGIC)


def _save(image: Image.Image, file: IO[bytes], name: str | bytes) -> None:
    from covey.pictures import encode

    wanted = {"quality", "bpp", "size", "psnr", "effort", "threads"}
    options = {key: value for key, value in image.encoderinfo.items() if key in wanted}
    try:
        file.write(encode(image, **options))
    except CoveyError as error:
        raise OSError(str(error)) from None


Image.register_open(FORMAT, CviImageFile, _accepts)
Image.register_save(FORMAT, _save)
Image.register_extension(FORMAT, ".cvi")
Image.register_mime(FORMAT, "image/x-covey")

"""The OCR engine: where text stands in a picture, and what it says. One per process.

RapidOCR's detector and recogniser (PP-OCRv6, Chinese and English) run on the processor with models
that came with the package; nothing is fetched. What turns pages upright is ours (``upright``).
"""

import os
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from kintsugi.engine.paper.model import Array

#: Pixels: a page's longer side for the detector is at most this, its shorter at least that, unless
#: it would have to be enlarged more than so many times.
_LONG: Final = 2000
_SHORT: Final = 736
_ENLARGED: Final = 2.0
#: A page is padded to no more than this many times as long as wide.
_ASPECT: Final = 4
#: Threads for one page: more gain little on small models and take the machine from others.
_THREADS: Final = 4
_DETECTOR: Final = "PP-OCRv6_det_small.onnx"
_RECOGNISER: Final = "PP-OCRv6_rec_small.onnx"


class Ocr:
    """Finds and reads text. Calls wait for each other: one page uses the threads there are."""

    def __init__(self) -> None:
        from pathlib import Path

        import rapidocr
        from rapidocr.ch_ppocr_det import TextDetector
        from rapidocr.ch_ppocr_rec import TextRecognizer
        from rapidocr.main import DEFAULT_CFG_PATH
        from rapidocr.utils.log import logger
        from rapidocr.utils.parse_parameters import ParseParams

        logger.setLevel("ERROR")
        models = Path(rapidocr.__file__).parent / "models"
        threads = min(_THREADS, len(os.sched_getaffinity(0)))
        config = ParseParams.update_batch(
            ParseParams.load(DEFAULT_CFG_PATH),
            {
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                # Named, so that nothing looks for them elsewhere.
                "Det.model_path": str(models / _DETECTOR),
                "Rec.model_path": str(models / _RECOGNISER),
                "Global.model_root_dir": str(models),
                # Pages are scaled here, see detect.
                "Det.limit_side_len": 32,
                "Det.max_candidates": 3000,
            },
        )
        for part in (config.Det, config.Rec):
            part.engine_cfg = config.EngineConfig[part.engine_type.value]
            part.model_root_dir = config.Global.model_root_dir
        config.Rec.font_path = None
        self._detector: Any = TextDetector(config.Det)
        self._recogniser: Any = TextRecognizer(config.Rec)
        self._alone = threading.Lock()

    def detect(self, image: Array) -> Array:
        """Corners of the runs of text in a BGR picture: n × 4 × 2, top left first, clockwise."""
        import cv2

        height, width = image.shape[:2]
        if min(height, width) < 8:
            return np.empty((0, 4, 2))
        long, short = max(height, width), min(height, width)
        short = max(short, -(-long // _ASPECT))
        scale = min(_LONG / long, max(1.0, min(_SHORT / short, _ENLARGED)))
        if scale != 1.0:
            size = (max(8, round(width * scale)), max(8, round(height * scale)))
            method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            image = cv2.resize(image, size, interpolation=method)
        # A frame of white: text at the very edge is found too, and no strip gets too thin.
        rows, columns = image.shape[:2]
        below = max(16, -(-columns // _ASPECT) - rows)
        right = max(16, -(-rows // _ASPECT) - columns)
        padded = cv2.copyMakeBorder(
            image, 16, below, 16, right, cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
        with self._alone:
            found = self._detector(padded).boxes
        if found is None or not len(found):
            return np.empty((0, 4, 2))
        return (np.asarray(found, float) - 16) / scale

    def recognise(self, crops: Sequence[Array]) -> list[tuple[str, float]]:
        """The text of each crop (BGR, one line each) and how sure it is, 0–1."""
        from rapidocr.ch_ppocr_rec import TextRecInput

        if not crops:
            return []
        with self._alone:
            found = self._recogniser(TextRecInput(img=list(crops)))
        return [
            (str(text), float(score)) for text, score in zip(found.txts, found.scores, strict=True)
        ]


@cache
def engine() -> Ocr:
    """The one engine of this process; loading it takes a second or two."""
    return Ocr()

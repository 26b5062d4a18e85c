import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = ("scipy", "sklearn", "librosa", "pandas", "cv2", "mediapipe", "tflite_runtime", "numba", "openai", "av", "soundfile")


def test_the_web_process_imports_nothing_heavy():
    code = f"""
import sys
import somnia_server.access, somnia_server.cli, somnia_server.i18n
import somnia_server.work.queue, somnia_server.work.tus, somnia_server.work.uploads, somnia_server.store.nights
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

from tests.audio.conftest import models_dir as models_dir

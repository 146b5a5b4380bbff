"""`python -m watchkeeper.config > docs/projects.schema.json` writes the schema anew."""

import json
import sys

from watchkeeper.config.schema import json_schema

sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")

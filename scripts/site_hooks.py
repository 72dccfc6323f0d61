"""Adapts the pages for MkDocs: the README is the home page, and files outside of docs/ are named without a link."""

import glob
import re

from mkdocs.structure.files import File


def slugify(text, separator):
    """Anchors of headings as on GitHub, where the links of the pages are written for."""
    return re.sub(r"[^\w -]", "", text.lower()).replace(" ", separator)


def on_config(config):
    pages = sorted(path.removeprefix("docs/") for path in glob.glob("docs/moving/*.md"))
    [moving] = [section["Moving to beat"] for section in config.nav if "Moving to beat" in section]
    moving[:0] = pages
    return config


def on_files(files, config):
    readme = open("README.md", encoding="utf-8").read()
    home = re.sub(r"\]\(docs/", "](", re.sub(r"\]\((?!docs/|[a-z]+:|#)", "](../", readme))
    home = re.sub(r"^\[(\w+)\]: docs/", r"[\1]: ", home, flags=re.M)
    files.append(File.generated(config, "index.md", content=home))
    return files


def on_page_markdown(markdown, page, config, files):
    known = {file.src_uri for file in files}
    folder = page.file.src_uri.rpartition("/")[0]

    def keep(match):
        target = match[2].split("#")[0]
        if re.match(r"[a-z]+:", match[2]) or target == "":
            return match[0]
        path = []
        for part in [*folder.split("/"), *target.split("/")]:
            if part == "..":
                if not path:
                    return match[1]
                path.pop()
            elif part not in ("", "."):
                path.append(part)
        return match[0] if "/".join(path) in known else match[1]

    return re.sub(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)", keep, markdown)

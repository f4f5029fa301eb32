"""The one style sheet: it has the rules that a page or a script can use, and no others."""

from __future__ import annotations

import re

import pytest
from kdbook import styles
from test_browser import SITE

PAGE = """<link rel="stylesheet" type="text/css" href="../_static/styles/a.css?v=1" />
<link rel="stylesheet" type="text/css" href="../_static/b.css" />
<script>document.body.classList.add("from-page");</script>
<p class="used two" id="place"></p>"""
SCRIPT = "e.classList.add(`kd-width-${n}`, 'from-script');"


@pytest.fixture
def static(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "c.css").write_text(".two { background: url(file.png) }")
    (tmp_path / "styles" / "a.css").write_text('@charset "UTF-8";\n@import "../c.css";\n.used > p, .gone p { color: red } /* .x */ #place { top: 0 }')
    (tmp_path / "b.css").write_text(
        "@media print { .gone { top: 0 } .used { top: 1px } } @media screen { .gone { top: 0 } } p:not(.gone) { left: 0 } .used.gone { left: 1px }\n"
        ".kd-width-64, .from-script, .from-page { right: 0 } [class*='any'] { right: 1px } @font-face { src: url(data:font/woff2;base64,AA==) }"
    )
    return tmp_path


def test_rules_that_can_match_are_kept_in_order_and_the_others_are_not(static):
    name = styles.write(static, [PAGE], [SCRIPT])
    assert re.fullmatch(r"site\.css\?v=[0-9a-f]{8}", name)
    assert [path.name for path in static.rglob("*.css")] == ["site.css"]
    text = (static / "site.css").read_text("utf-8")
    assert [line.replace(" ", "") for line in text.splitlines()[1:]] == [
        ".two{background:url(file.png)}",
        ".used>p{color:red}",
        "#place{top:0}",
        "@mediaprint{.used{top:1px}",
        "}",
        "p:not(.gone){left:0}",
        ".kd-width-64,.from-script,.from-page{right:0}",
        "[class*='any']{right:1px}".replace("'", '"'),
        "@font-face{src:url(data:font/woff2;base64,AA==)}",
    ]


def test_a_sentence_that_is_not_translated_yet_does_not_change_the_sheet():
    assert styles.names_in_use([PAGE], []) == styles.names_in_use([PAGE, '<p class="untranslated">'], [])


def test_an_address_is_told_from_the_folder_of_the_one_sheet(static):
    (static / "styles" / "a.css").write_text(".used { background: url(../vendor/x.png) }")
    assert "url(vendor/x.png)" in styles.read(static, "styles/a.css")


def test_pages_with_unlike_sheets_and_broken_rules_are_refused(static):
    with pytest.raises(ValueError, match="same style sheets on each page, got 2 lists"):
        styles.write(static, [PAGE, PAGE.replace("b.css", "c.css")], [])
    (static / "b.css").write_text(".used { color: red } }")
    with pytest.raises(ValueError, match="expected rules of CSS"):
        styles.write(static, [PAGE], [])


def test_a_page_names_the_one_sheet_once():
    text = styles.link(PAGE, "site.css?v=1")
    assert text.count("<link") == 1
    assert '<link rel="stylesheet" href="../_static/site.css?v=1" />' in text
    assert styles.link("<p>no sheets</p>", "site.css") == "<p>no sheets</p>"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_site_has_one_sheet_with_less_than_half_of_the_rules(language):
    sheets = [path.relative_to(SITE / language).as_posix() for path in (SITE / language).rglob("*.css")]
    assert sheets == ["_static/site.css"]
    assert (SITE / language / sheets[0]).stat().st_size < 200_000  # 540,000 without a choice

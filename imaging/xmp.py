"""XMP: keeping a photo's packet and adding where the picture comes from. Standard library only.

The packet is edited as text, so that whatever else is in it stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
PROVENANCE = "urn:open-the-eyes:provenance:1"

EMPTY_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    "</rdf:RDF>\n</x:xmpmeta>\n"
    '<?xpacket end="w"?>'
)
CLOSING = re.compile(r"</rdf:RDF\s*>")
OUTDATED = [
    # Where the picture came from before, and what an earlier run of ours said about it.
    re.compile(r'\s[\w-]+:DigitalSourceType\s*=\s*(?:"[^"]*"|\'[^\']*\')'),
    re.compile(r"<([\w-]+:DigitalSourceType)\b[^>]*?(?:/>|>.*?</\1\s*>)", re.DOTALL),
    re.compile(
        rf'<rdf:Description\b[^>]*xmlns:OpenTheEyes="{re.escape(PROVENANCE)}".*?</rdf:Description>\n?',
        re.DOTALL,
    ),
    # Thumbnails still show the closed eyes; the extended part of a long packet is not carried over.
    re.compile(r"<([\w-]+:Thumbnails)\b[^>]*?(?:/>|>.*?</\1\s*>)", re.DOTALL),
    re.compile(r'\sxmpNote:HasExtendedXMP\s*=\s*(?:"[^"]*"|\'[^\']*\')'),
    re.compile(r"<xmpNote:HasExtendedXMP>.*?</xmpNote:HasExtendedXMP>", re.DOTALL),
]
ORIENTATION_ATTRIBUTE = re.compile(r'(\stiff:Orientation\s*=\s*["\'])\d(["\'])')
ORIENTATION_ELEMENT = re.compile(r"(<tiff:Orientation>)\s*\d\s*(</tiff:Orientation>)")
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PADDING = re.compile(r"\s+(<\?xpacket end)")


def with_provenance(xmp: bytes | None, provenance: Mapping[str, str], source_type: str) -> tuple[bytes, bool]:
    """The packet with our statements added and the orientation set to upright.

    Args:
        xmp: the photo's packet, None where it has none.
        provenance: names (letters and digits) and values.
        source_type: URI of the IPTC Digital Source Type, "" for none.

    Returns:
        The packet as UTF-8, and whether the photo's own packet was kept; it is not where it is damaged.
    """
    text = _readable(xmp) if xmp else EMPTY_PACKET
    kept = text is not None
    text = text or EMPTY_PACKET
    for pattern in OUTDATED:
        text = pattern.sub("", text)
    text = ORIENTATION_ATTRIBUTE.sub(r"\g<1>1\g<2>", text)
    text = ORIENTATION_ELEMENT.sub(r"\g<1>1\g<2>", text)
    text = PADDING.sub(r"\n\1", text)
    closing = list(CLOSING.finditer(text))[-1].start()
    return (text[:closing] + _statements(provenance, source_type) + text[closing:]).encode("utf-8"), kept


def _readable(xmp: bytes) -> str | None:
    try:
        text = xmp.decode("utf-8").rstrip("\0")
    except UnicodeDecodeError:
        return None
    return text if CLOSING.search(text) else None


def _statements(provenance: Mapping[str, str], source_type: str) -> str:
    lines = [
        '<rdf:Description rdf:about=""',
        f' xmlns:Iptc4xmpExt="{IPTC_EXTENSION}"',
        f' xmlns:OpenTheEyes="{PROVENANCE}">',
    ]
    if source_type:
        lines.append(f"<Iptc4xmpExt:DigitalSourceType>{escape(source_type)}</Iptc4xmpExt:DigitalSourceType>")
    for name, value in provenance.items():
        lines.append(f"<OpenTheEyes:{name}>{escape(NOT_XML.sub('', value))}</OpenTheEyes:{name}>")
    return "\n".join([*lines, "</rdf:Description>", ""])

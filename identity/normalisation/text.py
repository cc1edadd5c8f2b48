"""Text to one form: width, case, and the characters that people use for one another in names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# Old, regional and look-alike characters of names, each pair the variant and the form it is folded to. Unicode's
# normalisation keeps them apart. 斉 and 斎 are two characters by the dictionary, and one by how people type names.
_VARIANT_KANJI = """
    髙高 﨑崎 碕崎 嵜崎 邉辺 邊辺 齊斉 齋斉 斎斉 澤沢 廣広 濱浜 濵浜 國国 櫻桜 嶋島 嶌島 德徳 惠恵 眞真
    榮栄 關関 龍竜 瀧滝 冨富 桒桑 𠮷吉 槗橋 曾曽 條条 萬万 壽寿 豐豊 靜静 彌弥 與与 會会 學学 縣県 藏蔵
    淺浅 黑黒 瀨瀬 賴頼 緖緒 敎教 淸清 靑青 禮礼 實実 圓円 鐵鉄 鹽塩 驛駅 應応 歸帰 氣気 舊旧 兒児 顯顕
    傳伝 假仮 價価 佛仏 來来 兩両 劍剣 劒剣 劔剣 勵励 區区 卷巻 參参 單単 嚴厳 圍囲 圖図 團団 壹壱 壯壮
    奧奥 寶宝 將将 專専 對対 屬属 嶽岳 峯峰 巖巌 帶帯 廳庁 彥彦 從従 戰戦 戶戸 拂払 據拠 擴拡 收収 效効
    數数 晝昼 曉暁 栢柏 樂楽 樣様 橫横 檜桧 檢検 權権 歐欧 歷歴 殘残 每毎 沒没 涉渉 溫温 滿満 潛潜 灣湾
    燒焼 營営 爲為 狹狭 獨独 當当 發発 盡尽 硏研 稻稲 竝並 經経 綠緑 總総 繩縄 繼継 續続 聲声 腦脳 舍舎
    莊荘 藝芸 藥薬 處処 號号 螢蛍 衞衛 裝装 覺覚 覽覧 觀観 證証 譯訳 讀読 變変 讓譲 賣売 輕軽 轉転 辭辞
    遙遥 邨村 鄕郷 醫医 釀醸 釋釈 錢銭 鎭鎮 鑛鉱 隨随 隱隠 雜雑 靈霊 舘館 騷騒 驗験 鷗鴎 麥麦 默黙 點点
    齡齢 曻昇 舩船 莵菟 渕淵 渊淵 籔藪 埜野 增増 桺柳 栁柳 舖舗 竈竃 祿禄 穗穂
"""
_SMALL_KANA = """
    ァア ィイ ゥウ ェエ ォオ ッツ ャヤ ュユ ョヨ ヮワ ヵカ ヶケ
    ぁあ ぃい ぅう ぇえ ぉお っつ ゃや ゅゆ ょよ ゎわ ゕか ゖけ
"""
_LATIN_WITHOUT_ACCENT = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"}
# Hyphens and long-vowel marks are typed for one another: which of the two it is, only the neighbours tell.
_DASHES = "‐‑‒–—―−ー─━﹘"

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
_ACCENTED = re.compile("[\u00c0-\u024f\u0300-\u036f\u1e00-\u1eff]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_LONG_VOWEL = re.compile("(?<=[ぁ-ゖァ-ヺー])-")


def _pairs(text: str) -> dict[str, str]:
    return {pair[0]: pair[1] for pair in text.split()}


_VARIANTS = str.maketrans(
    _pairs(_VARIANT_KANJI) | _pairs(_SMALL_KANA) | _LATIN_WITHOUT_ACCENT | dict.fromkeys(_DASHES, "-")
)


def visible(text: str) -> str:
    """Return text in NFKC (full-width letters and digits plain, half-width kana full) without invisible characters."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    # What stood apart may combine once nothing stands between.
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)) if _INVISIBLE.search(text) else text


def folded_name(text: str) -> str:
    """Return text as names are compared: no case, accents, variant kanji, small kana or kinds of dashes."""
    text = visible(text).casefold()
    if text.isascii():
        return text
    if _ACCENTED.search(text):
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    text = text.translate(_VARIANTS)
    return _LONG_VOWEL.sub("ー", text) if "-" in text else text


def stable(step: Callable[[str], str], text: str) -> str:
    """Return the form of `text` that `step` leaves as it is, so that to normalise twice changes nothing.

    Args:
        step: shortens the text or leaves it, from its second call on.
        text: what to begin with.
    """
    while (further := step(text)) != text:
        text = further
    return text

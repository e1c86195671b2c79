"""Function words of scripts without spaces: particles, endings, small words.

Measured on SIB-200 (docs/related.md): left out, they raise what is found in eight scripts of nine.
"""

from storage.text.normalize import fold_text, normalize_text

_BURMESE = """
    သည် သည့် သော ၏ များ ကို တွင် ဖြစ် ရှိ နှင့် က နိုင် မှု နေ ခဲ့ ရာ ရ သို့ ပြီး ရန်
    ခြင်း လာ ထား တို့ မှ ဖြင့် မှာ ပြု တွက် ကြောင်း ချက် ၍ စေ လို ဟု တယ် တဲ့ လည်း ကြ ပါ
    မည် မယ် ဘူး တာ ရင် နဲ့ ပဲ ၌ ၎င်း အ
"""
_SHAN = "ဢၼ် ၼၼ်ႉ ယဝ်ႉ ပဵၼ် တၢင်း လႆႈ မီး ၼႂ်း လႄႈ တီႈ လွင်ႈ သေ ၼႆႉ တႃႇ ဢမ်ႇ ယူႇ ဝႃႈ မၼ်း ၶဝ် တေ ဝႆႉ မႃး ၶွင် ၼႆ"
_THAI = """
    ที่ ใน การ และ ของ เป็น ได้ มี จะ ว่า ให้ นี้ ไป จาก ความ ซึ่ง กับ ทาง ๆ ไม่ อยู่
    โดย ด้วย ผู้ มา อย่าง ขึ้น หรือ ใช้ ก็ ทำ ยัง เขา คือ กัน คุณ เมื่อ เพื่อ เข้า หนึ่ง
    นั้น คน แต่ ต่าง สามารถ ตัว ต้อง ต่อ ส่วน ออก ทั้ง ถึง มาก แล้ว อีก ไว้ แห่ง ถูก รับ
"""
_LAO = """
    ທີ່ ໃນ ຂອງ ແລະ ໄດ້ ການ ເປັນ ຈະ ແມ່ນ ມີ ໃຫ້ ວ່າ ຖືກ ໄປ ກັບ ຢູ່ ມັນ ຫຼາຍ ຈາກ ຫຼື ໂດຍ
    ເຊິ່ງ ໃຊ້ ກໍ ທາງ ນີ້ ສາມາດ ບໍ່ ເພື່ອ ໆ ຢ່າງ ຄົນ ຫນຶ່ງ ໜຶ່ງ ດ້ວຍ ຜູ້ ແຕ່ ລາວ ຕໍ່ ມາ
    ພວກເຂົາ ກັນ ຄວາມ ນັ້ນ ເຂົາ ທ່ານ ທີ່ມີ
"""
_KHMER = """
    ដែល បាន និង ការ មាន នៅ របស់ ត្រូវ ជា ក្នុង នេះ នៃ ថា ដោយ នឹង គឺ មួយ អ្នក ហើយ អាច ពី
    នៅក្នុង ឱ្យ ឲ្យ វា ទៅ លើ គឺជា ឬ ៗ ដើម្បី គេ នោះ មិន ដែរ លោក សម្រាប់ ទេ ដ៏ ពួកគេ មក
    ធ្វើ ជាច្រើន តាម នៅពេល ភាព ប៉ុន្តែ
"""
_TIBETAN = """
    པ དང ཡོད ལ དེ པའི ཀྱི གི ནི གྱི ནས བ རེད ནང ཞིག བྱེད དུ ཡིན ན མ བྱས པར ལས ས ཡང རང སུ
    མེད བའི དག རྣམས ཐོག བར དུས གིས དེའི འདི བཞིན ཀྱིས ཀྱང རྒྱུ བྱ
"""
_CHINESE = """
    的 在 一 是 和 有 这 這 为 為 了 地 个 個 能 不 他 上 其 时 時 多
    到 要 于 於 些 们 們 来 來 或 里 裡 对 對 而 都 过 過 之 也 用 如
    可 以 会 會 与 與 及 被 从 從 但 并 並 由 就 把 让 讓 她 它 我 你
    中 后 後 所 则 則 该 該 已 将 將 很 更 最 那 此
"""
_KOREAN = "다 이 는 에 니 은 의 을 로 가 하 지 고 서 한 기 를 도 으 들 어 있 습 했 것 와 과 며 면 던 될 된 할"
_KANA = "".join(map(chr, range(0x3041, 0x3097)))


def _fold_words(words: str) -> frozenset[str]:
    return frozenset(fold_text(normalize_text(word)) for word in words.split())


BURMESE = _fold_words(_BURMESE + " " + _SHAN)
THAI = _fold_words(_THAI)
LAO = _fold_words(_LAO)
KHMER = _fold_words(_KHMER)
TIBETAN = _fold_words(_TIBETAN)
CHINESE = _fold_words(_CHINESE + " " + " ".join(_KANA))
KOREAN = _fold_words(_KOREAN)

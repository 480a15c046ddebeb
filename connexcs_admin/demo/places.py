"""Where demo customers live: words to make their names of, one place per language and country.

Names are put together from invented stems, so that no real company is meant. Parts in other scripts are
written `native/roman`; the roman half goes into mail addresses only.
"""

# ruff: noqa: E501 - a table of words: one place in few lines reads better than one word per line

from dataclasses import dataclass
from typing import TypedDict


@dataclass(frozen=True)
class Place:
    """One country's words. weight: share of customers. hours: time zone, in hours east of UTC.

    join: what stands between the stem, the trade and the legal form; inner: within the stem.
    street: "{}" takes a number.
    """

    country: str
    weight: int
    currency: str
    dial: str
    hours: int
    zone: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    trades: tuple[str, ...]
    legal: tuple[str, ...]
    cities: tuple[str, ...]
    street: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    join: str = " "
    inner: str = ""


class _Language(TypedDict):
    """What places of one language share."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    trades: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(","))


_ENGLISH_FIRST = _words(
    "Alder Amber Brim Calder Cress Dun Elm Ember Fenn Garn Hallow Hazel Ivel Kester Lark Lind Marl Merrow Ned"
    " Orrin Pell Quill Raven Rook Sable Selwyn Tarn Thorn Umber Vale Wenn Wyver Yarrow Zephyr"
)
_ENGLISH_SECOND = _words(
    "bridge brook combe croft dale den field ford gate holt lea line low mere mont more ridge stow tide vale"
    " way well wick wold"
)
_ENGLISH_GIVEN = _words(
    "Amara Callum Daniel Emily Farah Grace Harun Isla Jamal Leah Marcus Niamh Owen Priya Ruth"
)
_ENGLISH_FAMILY = _words(
    "Abbott Bashir Carver Dunmore Ellery Finch Grange Hollis Keane Mercer Okafor Pryor Rowe"
)
_ENGLISH_TRADES = _phrases(
    "Voice, Telecom, Communications, Carrier Services, SIP Trunking, Wholesale, Networks, Call Centres,"
    " Termination, Contact, Interconnect, Numbers, Dialer"
)
_SPANISH: _Language = {
    "first": _words("Peña Río Sol Alba Cala Mira Nava Olmo Roca Vega Campo Luz Mar Torre Ñandú Brisa Sierra"),
    "second": _words("clara blanca alta verde nueva serena larga mayor fría dorada limpia honda"),
    "trades": _phrases("Voz, Telefonía, Comunicaciones, Enlaces, Servicios de Voz, Contacto, Redes"),
    "given": _words("Lucía Íñigo José María Ángel Begoña Martín Sofía Andrés Inés Raúl Noelia"),
    "family": _words("Muñoz Ibáñez Peñalver Gómez Solís Núñez Cordero Bernal Rivas Ordóñez"),
}
_PORTUGUESE: _Language = {
    "first": _words("Mar Serra Luz Alto Porto Vale Rio Monte Praia Pedra Ponte Foz Lagoa Céu"),
    "second": _words("manso claro azul novo bravo sereno fundo calmo verde longo"),
    "trades": _phrases("Voz, Comunicações, Telefonia, Ligações, Redes, Conexões, Operadora"),
    "given": _words("João Inês Tomás Catarina Luís Sónia André Mafalda Rúben Conceição"),
    "family": _words("Araújo Magalhães Simões Brandão Falcão Guimarães Leitão Peixoto Sequeira"),
}
_FRENCH: _Language = {
    "first": _words("Clair Beau Haut Mont Val Roche Fort Bois Sainte-Aube Belle Pré Grand Rive Étoile"),
    "second": _words("vallon mesnil fontaine brune lande épine courbe combe rive soulle argent"),
    "trades": _phrases("Télécoms, Voix, Réseaux, Communications, Téléphonie, Liaisons, Opérateur"),
    "given": _words("Élodie François Zoé Jérôme Amélie Rémi Maëlle Noël Inès Théo Hélène"),
    "family": _words("Lefèvre Béranger Crépin Delaunay Gérard Marchand Pélissier Vasseur Noblet"),
}
_ARABIC: _Language = {
    "first": _words(
        "أفق/ofuq نسيم/nasim مدار/madar سهيل/suhail ريم/reem بحر/bahr قمر/qamar واحة/waha نجد/najd موج/mawj"
    ),
    "second": _words(
        "الشرق/alsharq الخليج/alkhaleej الواحة/alwaha الشمال/alshamal الميناء/almina الصحراء/alsahra"
    ),
    "trades": _phrases("للاتصالات/telecom, للصوتيات/voice, للربط الدولي/interconnect, لخدمات الاتصال/calls"),
    "given": _words("ليلى/layla يوسف/yousef سارة/sara خالد/khaled نورة/noura عمر/omar هند/hind"),
    "family": _words("الحمداني/hamdani المنصوري/mansouri السالم/salem الزهراني/zahrani الكندري/kandari"),
}

PLACES = (
    Place(
        "GB", 11, "GBP", "44", 0, "Europe/London", _ENGLISH_FIRST, _ENGLISH_SECOND, _ENGLISH_TRADES,
        _words("Ltd Ltd LLP PLC"), _words("London Leeds Bristol Cardiff Glasgow Norwich Derby"), "{} Mill Lane",
        _ENGLISH_GIVEN, _ENGLISH_FAMILY,
    ),
    Place(
        "US", 15, "USD", "1", -6, "America/Chicago", _ENGLISH_FIRST, _ENGLISH_SECOND, _ENGLISH_TRADES,
        _words("LLC Inc LLC Corp"), _words("Austin Denver Tampa Boise Omaha Tucson Albany"), "{} Oak Street",
        _ENGLISH_GIVEN, _ENGLISH_FAMILY,
    ),
    Place(
        "AU", 5, "AUD", "61", 10, "Australia/Sydney", _ENGLISH_FIRST, _ENGLISH_SECOND, _ENGLISH_TRADES,
        ("Pty Ltd",), _words("Sydney Perth Hobart Cairns Geelong"), "{} Wattle Road", _ENGLISH_GIVEN,
        _ENGLISH_FAMILY,
    ),
    Place(
        "ZA", 4, "ZAR", "27", 2, "Africa/Johannesburg",
        _words("Jakaranda Kloof Thando Umoya Veld Karoo Sipho Baobab Protea Letaba Indlela"),
        _words("berg rivier vlei kop stad kring bron hoek"), _phrases("Connect, Voice, Telecoms, Calls, Trunks"),
        ("(Pty) Ltd", "CC"), _words("Durban Pretoria Gqeberha Polokwane Kimberley"), "{} Protea Avenue",
        _words("Thabo Naledi Pieter Zanele Anél Sipho Lerato Johan"), _words("Mokoena Botha Dlamini Nkosi Joubert"),
    ),
    Place(
        "SG", 4, "SGD", "65", 8, "Asia/Singapore", _words("Merlin Raintree Orchid Nutmeg Pandan Angsana Kingfisher Tembusu"),
        _words("lane port bay quay point link span reach"), _phrases("Termination, Voice, Transit, Telecom, Exchange"),
        ("Pte Ltd",), ("Singapore",), "{} Tanjong Road", _words("Wei-Ling Arjun Nur Jia Hao Siti Ming"),
        _words("Tan Lim Rahman Pillai Goh Koh Ong"),
    ),
    Place(
        "NO", 5, "NOK", "47", 1, "Europe/Oslo", _words("Fjell Nord Brå Hav Øy Sølv Ås Lys Myr Vår Bjørke Småting"),
        _words("vang dal nes vik ås strøm bru lund tind øre"), _phrases("Telefoni, Tale, Samband, Kommunikasjon, Nett"),
        _words("AS AS ASA"), _words("Bergen Tromsø Ålesund Bodø Hamar Molde"), "Storgata {}",
        _words("Åse Bjørn Sølvi Håkon Ingrid Øystein Maren Pål"), _words("Brækhus Sørli Ødegaard Håvik Tønnesen Lie"),
    ),
    Place(
        "DE", 9, "EUR", "49", 1, "Europe/Berlin", _words("Ahren Buchen Königs Linden Müh Süd Grün Schön Tauben Wald Über Fähr"),
        _words("tal berg brück feld hafen stein wöhr mühl grund see"),
        _phrases("Sprachdienste, Telekom, Vermittlung, Rufnetz, Telefonie, Kommunikation, Fernsprech"),
        _words("GmbH GmbH AG UG KG"), _words("Köln Lübeck Würzburg Görlitz Bremen Düren"), "Gärtnerstraße {}",
        _words("Jürgen Käthe Sören Anneliese Björn Zoë Matthias Grete"), _words("Größler Schäfer Köhn Brüggemann Weiß Lütz"),
    ),
    Place(
        "FR", 6, "EUR", "33", 1, "Europe/Paris", **_FRENCH, legal=_words("SARL SAS SA"),
        cities=_words("Nîmes Besançon Angoulême Béziers Orléans"), street="{} rue des Tilleuls",
    ),
    Place(
        "CA", 2, "USD", "1", -5, "America/Toronto", **_FRENCH, legal=_words("Inc Ltée"),
        cities=_words("Québec Montréal Trois-Rivières Lévis"), street="{} chemin du Lac",
    ),
    Place(
        "SN", 1, "EUR", "221", 0, "Africa/Dakar", **_FRENCH, legal=_words("SARL SA"),
        cities=_words("Dakar Thiès Saint-Louis"), street="{} avenue du Baobab",
    ),
    Place(
        "ES", 6, "EUR", "34", 1, "Europe/Madrid", **_SPANISH, legal=_words("S.L. S.A. S.L.U."),
        cities=_words("Cádiz León Málaga Logroño Cáceres"), street="Calle del Olivo {}",
    ),
    Place(
        "MX", 3, "USD", "52", -6, "America/Mexico_City", **_SPANISH, legal=("S.A. de C.V.",),
        cities=_words("Mérida Puebla León Querétaro Cancún"), street="Avenida Juárez {}",
    ),
    Place(
        "AR", 2, "USD", "54", -3, "America/Argentina/Buenos_Aires", **_SPANISH, legal=_words("S.R.L. S.A."),
        cities=_words("Córdoba Neuquén Rosario Tucumán"), street="Calle Güemes {}",
    ),
    Place(
        "PT", 3, "EUR", "351", 0, "Europe/Lisbon", **_PORTUGUESE, legal=_words("Lda S.A."),
        cities=_words("Évora Setúbal Braga Guimarães"), street="Rua das Flores {}",
    ),
    Place(
        "BR", 4, "USD", "55", -3, "America/Sao_Paulo", **_PORTUGUESE, legal=_words("Ltda S.A."),
        cities=_words("Maceió Brasília Goiânia Florianópolis"), street="Rua São Bento {}",
    ),
    Place(
        "IT", 4, "EUR", "39", 1, "Europe/Rome", _words("Acqua Bella Chiara Colle Fonte Monte Pietra Riva Selva Torre"),
        _words("viva lunga alta serena forte mare sole chiusa"), _phrases("Voce, Telefonia, Comunicazioni, Reti, Contatto"),
        ("S.r.l.", "S.p.A.", "S.r.l."), _words("Forlì Torino Lecce Trieste Cagliari"), "Via dei Mille {}",
        _words("Nicolò Chiara Matteo Noemi Luca Beatrice"), _words("Ferrarìs Bassani Colucci Moretti Grandi"),
    ),
    Place(
        "NL", 3, "EUR", "31", 1, "Europe/Amsterdam", _words("Molen Water Zand Duin Blauwe Noord Kersen Zeeuwse Ijssel"),
        _words("kade brug dijk veld haven lijn poort"), _phrases("Telefonie, Spraak, Verbindingen, Telecom, Wholesale"),
        _words("BV BV NV"), ("Utrecht", "Zwolle", "Delft", "'s-Hertogenbosch"), "Kerkstraat {}",
        _words("Daniël Noor Joris Zoë Chloë Bram"), _words("Vermeer Kuiper Brouwer Reiziger Hoekstra"),
    ),
    Place(
        "PL", 3, "EUR", "48", 1, "Europe/Warsaw", _words("Jasno Biało Wysoko Żuro Śnieżno Złoto Czarno Zielono"),
        _words("góra brzeg łąka most wieża dół woda"), _phrases("Łączność, Telefonia, Głos, Telekomunikacja"),
        ("sp. z o.o.", "S.A."), _words("Łódź Kraków Gdańsk Poznań Białystok"), "ul. Lipowa {}",
        _words("Łukasz Małgorzata Paweł Żaneta Grażyna"), _words("Wójcik Zieliński Dąbrowska Śliwa Żak"),
    ),
    Place(
        "EE", 1, "EUR", "372", 2, "Europe/Tallinn", _words("Põhja Tuule Hõbe Lää Mänd Öö"),
        _words("sild kaja tee rand mägi"), _phrases("Side, Kõned, Telefon"), _words("OÜ AS"),
        _words("Tallinn Pärnu Jõhvi Võru"), "Pärna {}", _words("Jüri Õie Märt Külli"), _words("Põld Sõber Mägi Ööbik"),
    ),
    Place(
        "TR", 3, "EUR", "90", 3, "Europe/Istanbul", _words("Yıldız Gümüş Deniz Çınar Şafak Işık Köprü Öz"),
        _words("hat ses köprü dağ pınar bağ"), _phrases("İletişim, Telekom, Çağrı Hizmetleri, Haberleşme"),
        ("A.Ş.", "Ltd. Şti."), _words("İzmir Muğla Eskişehir Kütahya"), "Çiçek Sokak {}",
        _words("Ayşe Çağlar Gökhan Şule Ömer"), _words("Yılmaz Çetin Şahin Öztürk Güneş"),
    ),
    Place(
        "CZ", 2, "EUR", "420", 1, "Europe/Prague", _words("Bílá Černý Zlatý Modrá Říční Štíhlá"),
        _words("hora most brod věž louka"), _phrases("Hlas, Spojení, Telefonie"), ("s.r.o.", "a.s."),
        _words("Plzeň Děčín Jičín Třebíč"), "Lípová {}", _words("Jiří Kateřina Ondřej Žofie"),
        _words("Dvořák Růžička Šimek Černá"),
    ),
    Place(
        "GR", 2, "EUR", "30", 2, "Europe/Athens", _words("Γαλάζιο/galazio Άσπρο/aspro Μεγάλο/megalo Νέο/neo Βόρειο/voreio"),
        _words("Κύμα/kyma Νησί/nisi Φως/fos Λιμάνι/limani Αστέρι/asteri"),
        _phrases("Τηλεφωνία/telefonia, Επικοινωνίες/epikoinonies, Φωνή/foni"), ("Α.Ε.", "Ε.Π.Ε."),
        _words("Πάτρα Βόλος Χανιά Ιωάννινα"), "Οδός Ελιάς {}", _words("Ελένη/eleni Νίκος/nikos Άννα/anna Γιώργος/giorgos"),
        _words("Μαρκάτος/markatos Δήμου/dimou Ράλλη/ralli"), inner=" ",
    ),
    Place(
        "UA", 2, "EUR", "380", 2, "Europe/Kyiv", _words("Ясно/yasno Біло/bilo Срібно/sribno Тихо/tykho Нове/nove"),
        _words("поле/pole гір'я/hiria річчя/richchia світ/svit міст/mist"),
        _phrases("Зв'язок/zviazok, Телеком/telekom, Голос/holos"), ("ТОВ", "ПрАТ"), _words("Київ Львів Одеса Полтава"),
        "вул. Липова, {}", _words("Олена/olena Андрій/andrii Їжакевич/yizhak Марія/mariia"),
        _words("Гнатюк/hnatiuk Єременко/yeremenko Шевчук/shevchuk"),
    ),
    Place(
        "BG", 1, "EUR", "359", 2, "Europe/Sofia", _words("Бяло/byalo Синьо/sinyo Горно/gorno Златно/zlatno"),
        _words("море/more поле/pole езеро/ezero небе/nebe"), _phrases("Телефония/telefonia, Връзки/vrazki, Глас/glas"),
        ("ООД", "АД"), _words("Варна Пловдив Русе"), "ул. Роза {}", _words("Мария/maria Петър/petar Цветан/tsvetan"),
        _words("Димов/dimov Йорданова/yordanova Чавдаров/chavdarov"),
    ),
    Place("KW", 2, "KWD", "965", 3, "Asia/Kuwait", **_ARABIC, legal=("ذ.م.م", "ش.م.ك"),
          cities=("الجهراء", "حولي", "الفروانية"), street="شارع النخيل {}", inner=" "),
    Place("AE", 3, "USD", "971", 4, "Asia/Dubai", **_ARABIC, legal=("ذ.م.م", "ش.م.ح"),
          cities=("دبي", "الشارقة", "عجمان"), street="شارع المرسى {}", inner=" "),
    Place("MA", 1, "EUR", "212", 1, "Africa/Casablanca", **_ARABIC, legal=("ش.م.م",),
          cities=("فاس", "طنجة", "أكادير"), street="زنقة الزيتون {}", inner=" "),
    Place(
        "IL", 1, "USD", "972", 2, "Asia/Jerusalem", _words("גל/gal אור/or הר/har נחל/nahal רוח/ruach"),
        _words("צפון/tzafon כחול/kachol ים/yam זהב/zahav"), _phrases("תקשורת/tikshoret, טלפוניה/telefonia, קול/kol"),
        ('בע"מ',), ("חיפה", "אשדוד", "נתניה"), "רחוב הגפן {}", _words("נועה/noa איתי/itai מיכל/michal"),
        _words("לביא/lavi ברק/barak שדה/sadeh"), inner=" ",
    ),
    Place(
        "IN", 3, "USD", "91", 5, "Asia/Kolkata", _words("नव/nav शुभ/shubh नील/neel सूर्य/surya वायु/vayu गंगा/ganga"),
        _words("सेतु/setu वाणी/vani रेखा/rekha दीप/deep तरंग/tarang"),
        _phrases("दूरसंचार/telecom, संचार/sanchar, वॉइस/voice"), ("प्रा. लि.", "लि."),
        ("पुणे", "जयपुर", "इंदौर", "कोच्चि"), "नीम मार्ग {}", _words("अनिता/anita राहुल/rahul मीरा/meera"),
        _words("शर्मा/sharma नायर/nair पाटील/patil"),
    ),
    Place(
        "JP", 3, "JPY", "81", 9, "Asia/Tokyo", _words("青/ao 白/shiro 北/kita 東/higashi 若/waka 松/matsu 高/taka"),
        _words("浜/hama 橋/hashi 峰/mine 丘/oka 波/nami 原/hara 岬/misaki"),
        _phrases("通信/tsushin, 電話サービス/denwa, 音声ネット/onsei, テレコム/terekomu"), ("株式会社", "合同会社"),
        ("札幌市", "金沢市", "松山市", "那覇市"), "桜通り{}番", _words("花子/hanako 健/ken 美咲/misaki 翔/sho"),
        _words("佐々木/sasaki 渡辺/watanabe 小林/kobayashi 森/mori"), join="",
    ),
    Place(
        "CN", 3, "USD", "86", 8, "Asia/Shanghai", _words("云/yun 海/hai 龙/long 星/xing 明/ming 远/yuan 华/hua"),
        _words("桥/qiao 港/gang 声/sheng 通/tong 峰/feng 联/lian"), _phrases("通信/tongxin, 语音/yuyin, 呼叫服务/hujiao"),
        ("有限公司",), ("苏州", "厦门", "成都", "青岛"), "梧桐路{}号", _words("丽/li 伟/wei 晓梅/xiaomei 强/qiang"),
        _words("王/wang 李/li 陈/chen 赵/zhao"), join="",
    ),
    Place(
        "KR", 2, "USD", "82", 9, "Asia/Seoul", _words("하늘/haneul 새벽/saebyeok 푸른/pureun 한빛/hanbit 동해/donghae"),
        _words("다리/dari 소리/sori 바람/baram 마루/maru 누리/nuri"), _phrases("통신/tongsin, 텔레콤/telekom, 콜센터/kolsenteo"),
        ("주식회사", "유한회사"), ("부산", "대전", "제주", "수원"), "은행나무길 {}", _words("지우/jiu 민준/minjun 서연/seoyeon"),
        _words("김/kim 박/park 최/choi 정/jeong"),
    ),
    Place(
        "TH", 1, "USD", "66", 7, "Asia/Bangkok", _words("ฟ้า/fa ทะเล/thale เหนือ/nuea ดาว/dao ลม/lom"),
        _words("ใส/sai งาม/ngam ทอง/thong ไกล/klai"), _phrases("โทรคมนาคม/telecom, เสียง/siang, สื่อสาร/suesan"),
        ("จำกัด",), ("เชียงใหม่", "ภูเก็ต", "ขอนแก่น"), "ถนนมะลิ {}", _words("มาลี/mali สมชาย/somchai พิม/pim"),
        _words("ใจดี/jaidee แก้วใส/kaewsai วงศ์ดี/wongdee"),
    ),
)  # fmt: skip

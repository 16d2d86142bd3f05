//! Names, so many that a search for one of them finds a few hundred among a million.

use fastrand::Rng;

const CHINESE_FAMILIES: &str =
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎";
const CHINESE_GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文辉鹏飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢\
    雪梅琳晶婷慧莹洁颖倩佳怡欣悦思涵子轩梓博晨曦阳瑞泽嘉懿煜城诗语若雨晴安然可心";
const FIRST: &[&str] = &[
    "Anna", "Boris", "Chloé", "Dalia", "Emeka", "Fatima", "Georg", "Hana", "Igor", "Jana", "Kofi", "Lena", "Marek",
    "Nadia", "Omar", "Petra", "Quentin", "Rosa", "Sven", "Tara", "Umar", "Vera", "Xenia", "Yusuf", "Zoë",
];
const SYLLABLES: &[&str] = &[
    "ab", "bar", "cel", "don", "eri", "fal", "gar", "hol", "iv", "jan", "kow", "lind", "mor", "nov", "ok", "pet",
    "quis", "ros", "sil", "tan", "ued", "vir", "web", "yil", "zor",
];
const ENDINGS: &[&str] = &["a", "er", "sen", "ski", "ova", "mann", "son", "ez", "ini", "ik", "berg", "ström"];
const TRADES: &[&str] = &["Logistics", "Foods", "Optics", "Textiles", "Energy", "Print", "Tools", "Paper"];
const CHINESE_TRADES: &[&str] = &["物流", "食品", "光学", "纺织", "能源", "印刷", "工具", "纸业"];

fn one_of<'t>(random: &mut Rng, texts: &[&'t str]) -> &'t str {
    texts[random.usize(..texts.len())]
}

fn sign(random: &mut Rng, text: &str) -> char {
    text.chars().nth(random.usize(..text.chars().count())).unwrap_or('王')
}

fn family(random: &mut Rng) -> String {
    let mut name = format!("{}{}{}", one_of(random, SYLLABLES), one_of(random, SYLLABLES), one_of(random, ENDINGS));
    name[..1].make_ascii_uppercase();
    name
}

/// The name of a person: four of ten are Chinese.
pub(crate) fn person(random: &mut Rng) -> String {
    if random.u8(..10) < 4 {
        let mut name = String::from(sign(random, CHINESE_FAMILIES));
        for _ in 0..random.usize(1..=2) {
            name.push(sign(random, CHINESE_GIVEN));
        }
        name
    } else {
        format!("{} {}", one_of(random, FIRST), family(random))
    }
}

/// The name of an organisation.
pub(crate) fn organisation(random: &mut Rng) -> String {
    if random.u8(..10) < 4 {
        let (one, other) = (sign(random, CHINESE_GIVEN), sign(random, CHINESE_GIVEN));
        format!("{one}{other}{}有限公司", one_of(random, CHINESE_TRADES))
    } else {
        format!("{} {} Ltd", family(random), one_of(random, TRADES))
    }
}

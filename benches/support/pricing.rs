//! Prices of many lines by a price list of many rules, against plain Rust that was written for exactly this.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    hint::black_box,
    time::Instant,
};

use criterion::Criterion;
use crm::{
    Money, NewPriceList, NewPriceRule, NewProduct, Percent, PriceBook, PriceFormula, PriceList, PriceReason,
    PriceRequest, PriceTarget, Pricing, Product, ProductId, Rounding, UnitPrice, Window,
    chrono::{Datelike, NaiveDate},
};

use crate::{
    Came,
    both::wanted,
    company::{self, CURRENCY, Done},
    pair::measured,
    rounds::Turn,
};

/// Outer categories, and all inner ones together.
const CATEGORIES: [u32; 2] = [8, 40];
/// From how many on a rule may apply.
const FROM: [u32; 8] = [0, 0, 2, 5, 10, 25, 50, 100];

/// A rule, as chance makes it: both sides get it.
struct Rule {
    whose: Whose,
    from: u32,
    /// Days, as numbers: the first, and the first that is too late.
    days: (Option<i32>, Option<i32>),
    price: Price,
}

#[derive(Clone)]
enum Whose {
    Everything,
    /// An outer category, or one within it.
    Category(String),
    Product(u32),
}

#[derive(Clone, Copy)]
enum Price {
    /// In millionths.
    Fixed(i64),
    /// The list price less so many percent, to a multiple (millionths), plus so many cents.
    Less { percent: u16, multiple: Option<i64>, cents: i64 },
}

/// A product, as both sides get it: its number, category, list price in millionths, and what it is a variant of.
struct Sold {
    number: u32,
    category: String,
    list_price: i64,
    variant_of: Option<u32>,
}

/// How many of which product (by place).
type Wish = (usize, u32);

struct Scene {
    day: NaiveDate,
    products: Vec<Sold>,
    rules: Vec<Rule>,
    wishes: Vec<Wish>,
}

impl Scene {
    /// The same on every run.
    fn of(lines: u32, rules: u32) -> Done<Self> {
        let day: NaiveDate = "2026-03-02".parse()?;
        let chance = &mut fastrand::Rng::with_seed(7);
        let products: Vec<Sold> = (1..=lines)
            .map(|number| {
                let inner = number % CATEGORIES[1];
                Sold {
                    number,
                    category: format!("Outer {} / Inner {inner}", inner % CATEGORIES[0]),
                    list_price: i64::from(number) * 1_990_000,
                    // Every fourth is a variant of the one before.
                    variant_of: number.is_multiple_of(4).then(|| number - 1),
                }
            })
            .collect();
        let rules = (0..rules).map(|_| Rule::chosen(chance, day.num_days_from_ce(), lines)).collect();
        let wishes = (0..products.len()).map(|place| (place, chance.u32(1..=150))).collect();
        Ok(Self { day, products, rules, wishes })
    }
}

impl Rule {
    fn chosen(chance: &mut fastrand::Rng, day: i32, products: u32) -> Self {
        let whose = match chance.u32(0..100) {
            0 => Whose::Everything,
            1..10 => {
                let inner = chance.u32(0..CATEGORIES[1]);
                match (inner % CATEGORIES[0], chance.bool()) {
                    // One has no rule, so what is in it falls to those for everything.
                    (5, _) => Whose::Everything,
                    (outer, true) => Whose::Category(format!("Outer {outer}")),
                    (outer, false) => Whose::Category(format!("Outer {outer} / Inner {inner}")),
                }
            }
            // One product of four has no rule of its own, nor has every other variant.
            _ => Whose::Product(match chance.u32(1..=products) {
                number if number % 4 == 1 => number % products + 1,
                number if number % 8 == 4 => number - 1,
                number => number,
            }),
        };
        let days = match chance.u32(0..5) {
            0 => (None, Some(day - 30)),
            1 => (Some(day + 30), None),
            2 => (Some(day - 30), Some(day + 30)),
            _ => (None, None),
        };
        let price = if chance.bool() {
            Price::Fixed(chance.i64(1..200_000) * 10_000)
        } else {
            let (multiple, cents) = if chance.bool() { (Some(50_000), -1) } else { (None, 0) };
            Price::Less { percent: chance.u16(0..40), multiple, cents }
        };
        Self { whose, from: FROM[chance.usize(0..FROM.len())], days, price }
    }
}

/// The rules of a day by what they are for; of each, those first that begin at a higher quantity, then the newer ones.
#[derive(Default)]
struct ByHand<'a> {
    products: HashMap<u32, Vec<(u32, &'a Rule)>>,
    categories: HashMap<&'a str, Vec<(u32, &'a Rule)>>,
    everything: Vec<(u32, &'a Rule)>,
}

/// The rule, the price of one in millionths, and what it comes to in cents.
type Priced = (Option<u32>, i64, i64);

impl<'a> ByHand<'a> {
    fn of(scene: &'a Scene) -> Self {
        let mut index = Self::default();
        let day = scene.day.num_days_from_ce();
        for (number, rule) in (1..).zip(&scene.rules) {
            let (from, until) = rule.days;
            if from.is_some_and(|from| day < from) || until.is_some_and(|until| until <= day) {
                continue;
            }
            match &rule.whose {
                Whose::Everything => index.everything.push((number, rule)),
                Whose::Category(name) => index.categories.entry(name).or_default().push((number, rule)),
                Whose::Product(product) => index.products.entry(*product).or_default().push((number, rule)),
            }
        }
        let lists = index.products.values_mut().chain(index.categories.values_mut());
        for list in lists.chain([&mut index.everything]) {
            list.sort_unstable_by_key(|(number, rule)| Reverse((rule.from, *number)));
        }
        index
    }

    fn price(&self, product: &Sold, quantity: u32) -> Priced {
        let first = |rules: &[(u32, &'a Rule)]| rules.iter().find(|(_, rule)| rule.from <= quantity).copied();
        let of_product = |number: &u32| self.products.get(number).and_then(|rules| first(rules));
        let of_category = |name: &str| self.categories.get(name).and_then(|rules| first(rules));
        let rule = of_product(&product.number)
            .or_else(|| product.variant_of.as_ref().and_then(of_product))
            .or_else(|| {
                let outer = product.category.split_once(" / ").and_then(|(outer, _)| of_category(outer));
                outer
                    .into_iter()
                    .chain(of_category(&product.category))
                    .max_by_key(|(number, rule)| (rule.from, *number))
            })
            .or_else(|| first(&self.everything));
        let unit = match rule.map(|(_, rule)| rule.price) {
            None => product.list_price,
            Some(Price::Fixed(price)) => price,
            Some(Price::Less { percent, multiple, cents }) => {
                let hundredfold = product.list_price * i64::from(100 - percent);
                let of = multiple.unwrap_or(1);
                (hundredfold + of * 50) / (of * 100) * of + cents * 10_000
            }
        };
        (rule.map(|(number, _)| number), unit, (unit * i64::from(quantity) + 5_000) / 10_000)
    }

    fn prices(&self, scene: &Scene) -> Vec<Priced> {
        scene.wishes.iter().map(|(place, quantity)| self.price(&scene.products[*place], *quantity)).collect()
    }
}

/// The price list of the library, and its products in the same order.
fn ours(scene: &Scene) -> Done<(PriceList, Vec<Product>)> {
    let act = &mut company::act(1)?;
    let price = |millionths| UnitPrice::from_millionths(millionths, CURRENCY);
    let id = company::id::<ProductId>;
    let products = scene.products.iter().map(|sold| {
        let new = NewProduct::new(
            format!("SKU-{}", sold.number).parse()?,
            format!("Lamp {}", sold.number).parse()?,
            price(sold.list_price)?,
        );
        let new = new.category(sold.category.parse()?);
        let new = sold.variant_of.map(id).transpose()?.into_iter().fold(new, NewProduct::variant_of);
        Ok(Product::add(id(sold.number)?, act.at(), new))
    });
    let products = products.collect::<Done<Vec<_>>>()?;
    let mut list = NewPriceList::new("Wholesale".parse()?, CURRENCY);
    for rule in &scene.rules {
        let target = match &rule.whose {
            Whose::Everything => PriceTarget::All,
            Whose::Category(name) => PriceTarget::Category(name.parse()?),
            Whose::Product(number) => PriceTarget::Product(id(*number)?),
        };
        let pricing = match rule.price {
            Price::Fixed(millionths) => Pricing::Fixed(price(millionths)?),
            Price::Less { percent, multiple, cents } => {
                let formula = PriceFormula::list_less(Percent::whole(percent));
                let formula = match multiple {
                    Some(multiple) => formula.to_multiple(price(multiple)?, Rounding::HalfUp),
                    None => formula,
                };
                let surcharge = (cents != 0).then(|| Money::from_minor(cents, CURRENCY));
                Pricing::Formula(surcharge.into_iter().fold(formula, PriceFormula::surcharge))
            }
        };
        let day = |number: Option<i32>| number.and_then(NaiveDate::from_num_days_from_ce_opt);
        let window = Window::new(day(rule.days.0), day(rule.days.1))?;
        list = list.rule(NewPriceRule::new(target, pricing).from_quantity(rule.from.into()).valid(window));
    }
    Ok((PriceList::add(act.new_id(), act.at(), list)?, products))
}

/// Measures making the index over the rules, and pricing by it.
pub(crate) fn measure(criterion: &mut Criterion, lines: u32, rules: u32) -> Done<Came> {
    let titles = [
        format!("price of a line, {lines} lines by {rules} rules"),
        format!("index over {rules} price rules, each rule"),
    ];
    if !titles.iter().any(|title| wanted(title)) {
        return Ok(Came::default());
    }
    let scene = Scene::of(lines, rules)?;
    let (list, products) = ours(&scene)?;
    let id = list.id;
    let requests: Vec<_> =
        scene.wishes.iter().map(|(place, quantity)| PriceRequest::new(&products[*place], (*quantity).into())).collect();
    let (book, index) = (PriceBook::on(scene.day, [list.clone()], [])?, ByHand::of(&scene));

    // What is compared is the same work: line by line the same rule, the same price and the same amount.
    let mut levels = BTreeMap::<_, u32>::new();
    for (price, expected) in book.prices(id, &requests).map_err(|(_, error)| error)?.iter().zip(index.prices(&scene)) {
        let unit = price.unit_price().map_or(-1, UnitPrice::millionths);
        let found = (price.rule().map(|(_, rule)| rule), unit, price.amount().minor());
        if found != expected {
            return Err(format!("{found:?} by the book, {expected:?} by hand: {:?}", price.explain()).into());
        }
        *levels
            .entry(match price.explain() {
                [PriceReason::ByRule { specificity, .. }, ..] => Some(*specificity),
                _ => None,
            })
            .or_default() += 1;
    }
    let levels: Vec<_> = levels
        .iter()
        .rev()
        .map(|(level, lines)| format!("{} {lines}", level.map_or("no rule".into(), |it| format!("{it:?}"))))
        .collect();

    let run = |turn: Turn, calls: u32| {
        let start = Instant::now();
        for _ in 0..calls {
            match turn {
                Turn::First => drop(black_box(book.prices(id, black_box(&requests)).map_err(|(_, error)| error)?)),
                Turn::Second => drop(black_box(index.prices(black_box(&scene)))),
            }
        }
        Ok(start.elapsed())
    };
    let make = |turn: Turn, calls: u32| {
        let lists: Vec<_> = (0..calls).map(|_| list.clone()).collect();
        let start = Instant::now();
        match turn {
            Turn::First => {
                let books = lists.into_iter().map(|list| PriceBook::on(scene.day, [list], []));
                black_box(books.collect::<Result<Vec<_>, _>>()?);
            }
            Turn::Second => drop(black_box((0..calls).map(|_| ByHand::of(black_box(&scene))).collect::<Vec<_>>())),
        }
        Ok(start.elapsed())
    };
    let mut came = Came::default();
    let [priced, made] = titles;
    came.table.push(measured(criterion, priced, Some(3.0), lines, run)?);
    came.table.push(measured(criterion, made, None, rules, make)?);
    came.notes.push(format!("The lines by what made their prices: {}", levels.join(", ")));
    Ok(came)
}

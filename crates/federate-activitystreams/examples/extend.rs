//! A type and three properties of an application's own, read with the same tolerance as the library's.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::{error::Error, time::SystemTime};

use federate_activitystreams::{Create, Iri, Object, Property, vocabulary};

vocabulary! {
    /// A walk with others.
    Walk
}
const METRES: Property<u64> = Property::new("metres", "https://walks.example/ns#metres");
const ROUTE: Property<Iri> = Property::new("route", "https://walks.example/ns#route");
const LEAVES: Property<SystemTime> = Property::new("leaves", "https://walks.example/ns#leaves");

fn main() -> Result<(), Box<dyn Error>> {
    let came = Object::parse(
        br#"{"type": "Create", "object": {"type": ["Walk"], "metres": "12000", "leaves": "2026-12-01 09:00",
             "route": {"id": "https://walks.example/1"}, "shoes": "stout"}}"#,
    )?;
    let walk = came.as_::<Create<Walk>>().ok_or("no walk")?.object().clone();
    println!(
        "{:?} m, {:?}, {:?}",
        walk.get(&METRES),
        walk.get(&ROUTE),
        walk.get(&LEAVES)
    );
    println!("{}", Object::from(walk).with(&METRES, 14_000_u64).to_value());
    Ok(())
}

//! The guard against the registries of IANA: the first and the last address of each block, and their neighbours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use federate_http::{Guard, Refused};

const IPV4: &str = include_str!("../data/iana-ipv4-special.csv");
const IPV6: &str = include_str!("../data/iana-ipv6-special.csv");
const OTHER: &str = include_str!("../data/other-special.csv");
const NAMES: &str = include_str!("../data/iana-special-names.csv");

fn rows(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(',').collect())
}

/// A block as the first and the last address, as numbers.
#[derive(Debug, Clone, Copy)]
struct Block {
    is_v4: bool,
    first: u128,
    last: u128,
}

impl Block {
    fn parse(text: &str) -> Self {
        let (network, length) = text.split_once('/').unwrap();
        let length: u32 = length.parse().unwrap();
        let (is_v4, first, width) = match network.parse().unwrap() {
            IpAddr::V4(address) => (true, u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (false, address.to_bits(), 128),
        };
        let size = u128::MAX.checked_shr(128 - (width - length)).unwrap_or(0);
        assert_eq!(first & size, 0, "{text} begins within itself");
        Self {
            is_v4,
            first,
            last: first | size,
        }
    }

    fn holds(&self, is_v4: bool, address: u128) -> bool {
        self.is_v4 == is_v4 && (self.first..=self.last).contains(&address)
    }
}

fn blocks() -> Vec<(String, Block)> {
    [IPV4, IPV6, OTHER]
        .into_iter()
        .flat_map(rows)
        .map(|row| (row[0].to_owned(), Block::parse(row[0])))
        .collect()
}

fn address(is_v4: bool, bits: u128) -> IpAddr {
    match is_v4 {
        true => Ipv4Addr::from_bits(u32::try_from(bits).unwrap()).into(),
        false => Ipv6Addr::from_bits(bits).into(),
    }
}

fn assert_literal_is_refused(address: IpAddr) {
    let url = match address {
        IpAddr::V4(address) => format!("https://{address}/"),
        IpAddr::V6(address) => format!("https://[{address}]/"),
    };
    assert_eq!(
        Guard::new().admits(&url.parse().unwrap()),
        Err(Refused::IpLiteral),
        "{url}"
    );
}

#[test]
fn n2_n3_each_block_from_end_to_end_and_no_further() {
    let guard = Guard::new();
    let blocks = blocks();
    assert_eq!((rows(IPV4).count(), rows(IPV6).count()), (26, 25));
    for (name, block) in &blocks {
        for bits in [
            block.first,
            block.first + (block.last - block.first) / 2,
            block.last,
        ] {
            let address = address(block.is_v4, bits);
            assert!(!guard.admits_address(address), "{address} of {name}");
            assert_literal_is_refused(address);
        }
        let end = if block.is_v4 {
            u128::from(u32::MAX)
        } else {
            u128::MAX
        };
        let before = block.first.checked_sub(1);
        let after = block.last.checked_add(1).filter(|bits| *bits <= end);
        for bits in before.into_iter().chain(after) {
            let is_special = blocks.iter().any(|(_, other)| other.holds(block.is_v4, bits));
            // Global unicast is all of IPv6 that is assigned to anybody.
            let is_assigned = block.is_v4 || bits >> 125 == 1;
            let address = address(block.is_v4, bits);
            assert_eq!(
                guard.admits_address(address),
                is_assigned && !is_special,
                "{address} beside {name}"
            );
            assert_literal_is_refused(address);
        }
    }
}

#[test]
fn n2_n3_whatever_lies_in_a_block_and_whatever_does_not() {
    let guard = Guard::new();
    let blocks = blocks();
    let is_special = |is_v4, bits| blocks.iter().any(|(_, block)| block.holds(is_v4, bits));
    // Every /16 of IPv4, three addresses of each; every /16 of IPv6, and each /32 of those with blocks inside.
    for high in 0..=0xffff_u128 {
        for low in [0, 0x1234, 0xffff] {
            let bits = high << 16 | low;
            assert_eq!(
                guard.admits_address(address(true, bits)),
                !is_special(true, bits),
                "{}",
                address(true, bits)
            );
        }
        for low in [0, 1, u128::MAX >> 16] {
            let bits = high << 112 | low;
            let expected = high >> 13 == 1 && !is_special(false, bits);
            assert_eq!(
                guard.admits_address(address(false, bits)),
                expected,
                "{}",
                address(false, bits)
            );
        }
    }
    for first in [0x2001_u128, 0x2002, 0x2620, 0x3ffe, 0x3fff] {
        for second in 0..=0xffff_u128 {
            let bits = first << 112 | second << 96 | 0x8000 << 80 | 1;
            let found = guard.admits_address(address(false, bits));
            assert_eq!(found, !is_special(false, bits), "{}", address(false, bits));
        }
    }
}

#[test]
fn n3_addresses_that_carry_a_private_one() {
    let guard = Guard::new();
    for inside in [
        [127, 0, 0, 1],
        [10, 0, 0, 1],
        [169, 254, 169, 254],
        [192, 168, 0, 1],
        [8, 8, 8, 8],
    ] {
        let v4 = u128::from(Ipv4Addr::from(inside).to_bits());
        for (what, bits) in [
            ("mapped", 0xffff << 32 | v4),
            ("compatible", v4),
            ("translated", 0xffff << 48 | v4),
            ("NAT64", 0x0064_ff9b << 96 | v4),
            ("NAT64 of a site", 0x0064_ff9b_0001 << 80 | v4),
            ("6to4", 0x2002 << 112 | v4 << 80 | 1),
            ("Teredo, the server", 0x2001_0000 << 96 | v4 << 64),
            ("Teredo, the client", 0x2001_0000 << 96 | (!v4 & 0xffff_ffff)),
            ("ISATAP", 0x2a00_1450 << 96 | 0x0000_5efe << 32 | v4),
            ("ISATAP, universal", 0x2a00_1450 << 96 | 0x0200_5efe << 32 | v4),
        ] {
            let address = address(false, bits);
            assert!(!guard.admits_address(address), "{what}: {address}");
        }
    }
}

#[test]
fn n7_each_special_name_and_what_is_under_it() {
    let guard = Guard::new();
    assert_eq!(rows(NAMES).count(), 42);
    for row in rows(NAMES) {
        let expected = if row[2] == "true" {
            Ok(())
        } else {
            Err(Refused::Name)
        };
        let name = row[0];
        for host in [
            name.to_owned(),
            format!("a.{name}"),
            format!("a.b.{name}"),
            format!("A.{}", name.to_uppercase()),
        ] {
            let url = format!("https://{host}/").parse().unwrap();
            assert_eq!(guard.admits(&url), expected, "{host}");
        }
        // With a trailing dot it is the same name, and refused as such.
        let url = format!("https://{name}./").parse().unwrap();
        assert_eq!(guard.admits(&url), Err(Refused::Name), "{name}.");
        // A name that only looks alike is somebody's.
        let label = name.rsplit('.').next().unwrap();
        let url = format!("https://{label}.example.org/").parse().unwrap();
        assert_eq!(guard.admits(&url), Ok(()), "{url}");
    }
    // Reserved by ICANN for private use, and not (yet) in the registry.
    assert_eq!(
        guard.admits(&"https://vault.internal/".parse().unwrap()),
        Err(Refused::Name)
    );
}

//! Which IP addresses are public.
//!
//! IPv6 by an allow-list, because what is not yet assigned should not be reached when it is: global unicast
//! (`2000::/3`) less what the IANA special-purpose registry reserves of it and less the forms that carry an
//! IPv4 address inside. IPv4 has no such list: everything less the whole registry and multicast.
//!
//! * <https://www.iana.org/assignments/iana-ipv4-special-registry>
//! * <https://www.iana.org/assignments/iana-ipv6-special-registry>

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Network and length of its prefix. Special also where the registry says "globally reachable": no server of
/// the fediverse is there.
const SPECIAL_V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),       // "this network"; a connect to 0.0.0.0 reaches the machine itself
    ([10, 0, 0, 0], 8),      // private
    ([100, 64, 0, 0], 10),   // carrier-grade NAT
    ([127, 0, 0, 0], 8),     // loopback
    ([169, 254, 0, 0], 16),  // link local, and the metadata services of clouds
    ([172, 16, 0, 0], 12),   // private
    ([192, 0, 0, 0], 24),    // IETF protocol assignments
    ([192, 0, 2, 0], 24),    // documentation
    ([192, 31, 196, 0], 24), // AS112
    ([192, 52, 193, 0], 24), // AMT
    ([192, 88, 99, 0], 24),  // 6to4 relay anycast
    ([192, 168, 0, 0], 16),  // private
    ([192, 175, 48, 0], 24), // AS112
    ([198, 18, 0, 0], 15),   // benchmarking
    ([198, 51, 100, 0], 24), // documentation
    ([203, 0, 113, 0], 24),  // documentation
    ([224, 0, 0, 0], 4),     // multicast
    ([240, 0, 0, 0], 4),     // reserved, and the broadcast address
];

/// What is special inside `2000::/3`.
const SPECIAL_V6: &[([u16; 3], u32)] = &[
    ([0x2001, 0, 0], 23),         // IETF protocol assignments: Teredo, benchmarking, ORCHID
    ([0x2001, 0xdb8, 0], 32),     // documentation
    ([0x2002, 0, 0], 16),         // 6to4: an IPv4 address inside
    ([0x2620, 0x4f, 0x8000], 48), // AS112
    ([0x3ffe, 0, 0], 16),         // 6bone, given back
    ([0x3fff, 0, 0], 20),         // documentation
];

/// Whether an address is public: a host on the internet, and nothing near us.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether an address is this machine by its loopback interface. A mapped `::ffff:127.0.0.1` is not meant.
pub(super) fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address == Ipv6Addr::LOCALHOST,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !SPECIAL_V4.iter().any(|(network, length)| {
        let mask = u32::MAX << (32 - length);
        bits & mask == u32::from_be_bytes(*network)
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let is_global_unicast = bits >> 125 == 0b001;
    let is_special = SPECIAL_V6.iter().any(|([a, b, c], length)| {
        let network = Ipv6Addr::new(*a, *b, *c, 0, 0, 0, 0, 0).to_bits();
        let mask = u128::MAX << (128 - length);
        bits & mask == network
    });
    // ISATAP carries an IPv4 address in its interface identifier: 0000:5efe:a.b.c.d or 0200:5efe:a.b.c.d.
    let is_isatap = (bits >> 32) & 0xfdff_ffff == 0x5efe;
    is_global_unicast && !is_special && !is_isatap
}

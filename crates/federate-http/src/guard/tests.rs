use super::*;

fn url(s: &str) -> Url {
    Url::parse(s).unwrap_or_else(|error| panic!("{s}: {error}"))
}

fn admits(s: &str) -> Result<(), Refused> {
    Guard::new().admits(&url(s))
}

fn loopback() -> Guard {
    Guard::new().dangerous().allow_loopback()
}

fn admits_address(address: &str) -> bool {
    Guard::new().admits_address(address.parse().unwrap())
}

#[test]
fn public_urls_and_addresses() {
    for s in [
        "https://example.org/users/alice?x=y",
        "https://sub.example.org:443/",
        "https://example.org:8443/",
        "https://xn--bcher-kva.de/",
        "https://bücher.de/",
        "https://my_host.example.org/",
        "https://EXAMPLE.org/",
        "https://localhost.example.org/",
        "https://local.org/",
    ] {
        assert_eq!(admits(s), Ok(()), "{s}");
    }
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "11.0.0.1",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "192.167.1.1",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2a00::1",
        "3ffd::1",
        "3fff:1000::1",
    ] {
        assert!(admits_address(address), "{address}");
    }
}

#[test]
fn n1_loopback_in_every_spelling() {
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "0.1.2.3",
        "127.255.255.254",
        "１２７.0.0.1",
        "127。0。0。1",
        "127.0.0.1.",
    ] {
        assert_eq!(
            admits(&format!("https://{host}/")),
            Err(Refused::IpLiteral),
            "{host}"
        );
    }
    for address in [
        "127.0.0.1",
        "127.255.255.255",
        "0.0.0.0",
        "0.1.2.3",
        "0.255.255.255",
    ] {
        assert!(!admits_address(address), "{address}");
    }
}

#[test]
fn n2_special_ipv4_networks_from_end_to_end() {
    for (first, last) in [
        ("0.0.0.0", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.31.196.0", "192.31.196.255"),
        ("192.52.193.0", "192.52.193.255"),
        ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("192.175.48.0", "192.175.48.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "239.255.255.255"),
        ("240.0.0.0", "255.255.255.255"),
    ] {
        for address in [first, last] {
            assert!(!admits_address(address), "{address}");
            assert_eq!(
                admits(&format!("https://{address}/")),
                Err(Refused::IpLiteral),
                "{address}"
            );
        }
        // The neighbours are public, unless they belong to another row.
        let before = u32::from(first.parse::<std::net::Ipv4Addr>().unwrap()).checked_sub(1);
        if let Some(before) = before.filter(|_| first != "240.0.0.0") {
            assert!(
                Guard::new().admits_address(IpAddr::V4(before.into())),
                "before {first}"
            );
        }
    }
}

#[test]
fn n3_special_ipv6_networks() {
    for address in [
        "::",
        "::1",
        "::2",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::7f00:1",
        "100::",
        "100::1",
        "100:0:0:1::",
        "2001::",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:3::1",
        "2001:10::1",
        "2001:20::1",
        "2001:30::1",
        "2001:1ff:ffff::1",
        "2001:db8::",
        "2001:db8:ffff::1",
        "2002::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "2620:4f:8000::1",
        "3ffe::1",
        "3fff::",
        "3fff:fff:ffff::1",
        "4000::1",
        "5f00::",
        "5f00::1",
        "8000::1",
        "fc00::",
        "fd12:3456::1",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "ff00::",
        "ff02::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "1fff::1",
        "2a00::5efe:127.0.0.1",
        "2a00::200:5efe:10.0.0.1",
    ] {
        assert!(!admits_address(address), "{address}");
        assert_eq!(
            admits(&format!("https://[{address}]/")),
            Err(Refused::IpLiteral),
            "{address}"
        );
    }
    // A zone is no part of a URL.
    assert!(Url::parse("https://[fe80::1%25eth0]/").is_err());
    // A public literal is none of a server either: certificates are for names.
    assert_eq!(admits("https://[2606:4700::1111]/"), Err(Refused::IpLiteral));
    assert_eq!(admits("https://1.1.1.1/"), Err(Refused::IpLiteral));
}

#[test]
fn n6_userinfo_and_ports() {
    for s in [
        "https://user:pw@example.org/",
        "https://user@example.org/",
        "https://:pw@example.org/",
        "https://example.org@evil.org/",
    ] {
        assert_eq!(admits(s), Err(Refused::UserInfo), "{s}");
    }
    for port in [
        0, 1, 22, 25, 53, 80, 110, 143, 389, 445, 587, 636, 993, 995, 2375, 3306, 5432, 6379, 9200, 11211,
        27017,
    ] {
        assert_eq!(
            admits(&format!("https://example.org:{port}/")),
            Err(Refused::Port),
            "{port}"
        );
    }
    assert!(Url::parse("https://example.org:65536/").is_err());
    assert_eq!(loopback().admits(&url("http://127.0.0.1:0/")), Err(Refused::Port));
}

#[test]
fn n7_names_that_are_not_public() {
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "printer.local",
        "vault.internal",
        "metadata.google.internal",
        "x.onion",
        "x.i2p",
        "x.test",
        "x.invalid",
        "x.example",
        "x.lan",
        "x.home.arpa",
        "1.0.0.127.in-addr.arpa",
        "intranet",
        "com",
        "example.org.",
        "example..org",
        "ｌｏｃａｌｈｏｓｔ",
        "a.LOCAL",
        "ex*mple.org",
        "a!b.org",
        "a$b.org",
        "a-.org",
        "-a.org",
        "a.org-",
        "a.-org",
    ] {
        let parsed = Url::parse(&format!("https://{host}/"));
        if let Ok(parsed) = parsed {
            assert_eq!(Guard::new().admits(&parsed), Err(Refused::Name), "{host}");
        }
    }
    let guard = Guard::new()
        .refuse_host("B\u{fc}cher.de")
        .refuse_host("Our.Example.org")
        .refuse_host("other.org:8443");
    for s in [
        "https://b\u{fc}cher.de/",
        "https://xn--bcher-kva.de:8443/",
        "https://our.example.org/",
        "https://our.example.org:8443/x",
        "https://other.org:8443/",
    ] {
        assert_eq!(guard.admits(&url(s)), Err(Refused::OwnHost), "{s}");
    }
    for s in ["https://other.org/", "https://sub.our.example.org/"] {
        assert_eq!(guard.admits(&url(s)), Ok(()), "{s}");
    }
}

#[test]
fn n8_schemes() {
    for s in [
        "http://example.org/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org:70/_x",
        "data:application/json,{}",
        "javascript:alert(1)",
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/x",
        "unix:/var/run/docker.sock",
        "ws://example.org/",
        "blob:https://example.org/x",
        "about:blank",
        "httpss://example.org/",
    ] {
        assert_eq!(admits(s), Err(Refused::Scheme), "{s}");
    }
    for s in [
        "//example.org/",
        "/x",
        "",
        "https://",
        "https://%00/",
        "https://exa%00mple.org/",
        "https://a b.org/",
        "https://exam%2Fple.org/",
    ] {
        assert!(Url::parse(s).is_err(), "{s}");
    }
    // What the parser repairs is judged as repaired.
    assert_eq!(admits("https:\\\\127.0.0.1\\x"), Err(Refused::IpLiteral));
    assert_eq!(admits("https://local\thost/"), Err(Refused::Name));
    assert_eq!(admits("https://evil.org\\@127.0.0.1/"), Ok(()));
    assert_eq!(url("https://evil.org\\@127.0.0.1/").host_str(), Some("evil.org"));
}

#[test]
fn loopback_is_admitted_by_name_of_the_danger_only() {
    for s in [
        "http://127.0.0.1:8080/",
        "https://127.0.0.1/",
        "http://[::1]:1/",
        "http://localhost:22/",
        "https://a.test:9/",
        "http://example.org/",
        "https://example.org:22/",
    ] {
        assert!(admits(s).is_err(), "{s}");
        assert_eq!(loopback().route(&url(s)), Ok(Route::Loopback), "{s}");
    }
    // The rest stays refused.
    for s in [
        "http://10.0.0.1/",
        "https://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/",
        "https://8.8.8.8/",
        "ftp://127.0.0.1/",
        "http://a:b@127.0.0.1/",
        "http://localhost./",
        "file:///x",
    ] {
        assert!(loopback().admits(&url(s)).is_err(), "{s}");
    }
    assert_eq!(loopback().route(&url("https://example.org/")), Ok(Route::Public));
    // Plain http to a public name reaches loopback or nothing.
    let (near, far) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([8, 8, 8, 8]));
    assert!(loopback().admits_on(Route::Loopback, near) && !loopback().admits_on(Route::Loopback, far));
    assert!(loopback().admits_on(Route::Public, near) && loopback().admits_on(Route::Public, far));
    assert!(!Guard::new().admits_on(Route::Public, near) && !Guard::new().admits_on(Route::Loopback, near));
    for private in ["10.0.0.1", "0.0.0.0", "::ffff:127.0.0.1", "::"] {
        assert!(!loopback().admits_address(private.parse().unwrap()), "{private}");
    }
}

#[test]
fn certificates_that_are_none() {
    assert!(matches!(
        Guard::new().extra_root_ca(b""),
        Err(BadCertificate::Empty)
    ));
    assert!(matches!(
        Guard::new().extra_root_ca(b"hello"),
        Err(BadCertificate::Empty)
    ));
    let broken = b"-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n";
    assert!(matches!(
        Guard::new().extra_root_ca(broken),
        Err(BadCertificate::Pem(_))
    ));
    let none = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(
        Guard::new().extra_root_ca(none),
        Err(BadCertificate::Certificate(_))
    ));
}

#[test]
fn n9_proxies_that_are_none() {
    for (url, is_proxy) in [
        ("http://proxy.internal:3128", true),
        ("https://proxy.internal/", true),
        ("http://user:secret@10.0.0.1:3128", true),
        ("proxy.internal:3128", false),
        ("proxy.internal", false),
        ("socks5://proxy.internal:1080", false),
        ("http://", false),
        ("", false),
        ("http://proxy.internal:99999", false),
        ("http://proxy.internal/path", false),
        ("http://proxy.internal/?query", false),
        ("http://proxy.internal/#fragment", false),
    ] {
        assert_eq!(
            Guard::new().dangerous().egress_proxy(url).is_ok(),
            is_proxy,
            "{url}"
        );
    }
}

#[test]
fn n7_the_length_of_names_and_labels() {
    let label = "a".repeat(63);
    assert_eq!(admits(&format!("https://{label}.org/")), Ok(()));
    let host = format!("{label}.{label}.{label}.{}.org", "b".repeat(57));
    assert_eq!((host.len(), admits(&format!("https://{host}/"))), (253, Ok(())));
    for host in [
        format!("{label}a.org"),
        format!("{label}.{label}.{label}.{}.org", "b".repeat(58)),
    ] {
        assert_eq!(admits(&format!("https://{host}/")), Err(Refused::Name), "{host}");
    }
}

use super::*;
use crate::testing::iri;

const ALICE: &str = "https://example.org/users/1";

fn origin(url: &str) -> Origin {
    iri(url).origin().unwrap()
}

fn partition(followers: &[&str], server: &str) -> SetDigest {
    let followers: Vec<Iri> = followers.iter().map(|id| iri(id)).collect();
    followers.iter().filter(|id| is_of(id, &origin(server))).collect()
}

/// The example of the FEP.
#[test]
fn a_digest_is_the_one_of_the_fep() {
    let followers = [
        "https://example.org/users/2",
        "https://testing.example.org/users/1",
        "https://next.example.org/users/foo",
        "https://testing.example.org/users/2",
    ];
    let digest = partition(&followers, "https://testing.example.org");
    assert_eq!(
        digest.to_string(),
        "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f"
    );
    assert_eq!(partition(&[], "https://a.example").to_string(), "0".repeat(64));
    let claim = Claim {
        collection: iri("https://example.org/users/1/followers"),
        url: iri("https://example.org/users/1/followers_synchronization"),
        digest,
    };
    assert_eq!(claim.to_string().parse(), Ok(claim));
}

/// Mastodon's: who is of a server, on boundaries of names.
#[test]
fn a_server_is_a_whole_origin() {
    let followers = [
        "https://example.org/users/alice",
        "https://example.org/users/bob",
        "https://example.org",
        "https://foo.org/users/eve",
    ];
    let digest = |server| partition(&followers, server).to_string();
    assert_eq!(
        digest("https://example.org/"),
        "20aecbe774b3d61c25094370baf370012b9271c5b172ecedb05caff8d79ef0c7"
    );
    assert_eq!(
        digest("https://foo.org/"),
        "ccb9c18a67134cfff9d62c7f7e7eb88e6b803446c244b84265565f4eba29df0e"
    );
    for other in [
        "https://foo.org.evil.com/",
        "https://foo",
        "http://foo.org",
        "https://foo.org:8443",
    ] {
        assert_eq!(digest(other), "0".repeat(64), "{other}");
    }
}

#[test]
fn an_id_counts_once_and_is_removed_as_it_was_added() {
    let (one, two) = (iri("https://a.example/1"), iri("https://a.example/2"));
    let twice: SetDigest = [&one, &two, &one].into_iter().collect();
    assert_eq!(twice, [&two, &one].into_iter().collect());
    let mut digest = twice;
    digest.toggle(&one);
    assert_eq!(digest, [&two].into_iter().collect());
}

#[test]
fn a_header_is_exactly_three_parameters_and_signed() {
    let zeros = "0".repeat(64);
    let good = format!("collectionId=\"{ALICE}/followers\", url=\"{ALICE}/sync\", digest=\"{zeros}\"");
    let covered = ["(request-target)".to_owned(), HEADER.to_owned()];
    let claim = Claim::read([good.as_str()], &covered).unwrap().unwrap();
    assert_eq!(claim.url, iri("https://example.org/users/1/sync"));
    assert_eq!(Claim::read([], &covered), Ok(None));
    assert_eq!(
        Claim::read([good.as_str()], &covered[..1]),
        Err(BadClaim::Unsigned)
    );
    assert_eq!(
        Claim::read([good.as_str(), &good], &covered),
        Err(BadClaim::Repeated)
    );
    let reordered = format!("digest=\"{zeros}\",url=\"{ALICE}/sync\" ,collectionId=\"{ALICE}/followers\"");
    assert_eq!(reordered.parse(), Ok(claim));
    for bad in [
        String::new(),
        format!("{good},"),
        format!("{good}, url=\"{ALICE}/sync\""),
        format!("{good}, more=\"x\""),
        good.replace(", digest", " digest"),
        good.replace("url=", "url ="),
        good.replace('"', ""),
        good.replace("/sync", "/s\\\"ync"),
        good.replace("https://example.org/users/1/sync", "sync"),
        good.replacen("collectionId", "collectionid", 1),
        good.replace(&zeros, &"0".repeat(63)),
        good.replace(&zeros, &"A".repeat(64)),
        good.replace(&zeros, &"+0".repeat(32)),
        good.replace("/sync", &"/sync".repeat(LONGEST)),
        format!("collectionId=\"{ALICE}/followers\", url=\"{ALICE}/sync\""),
    ] {
        assert!(bad.parse::<Claim>().is_err(), "{bad}");
    }
}

#[test]
fn i10_a_claim_is_about_the_senders_own_followers_on_its_own_server() {
    let claim = |collection: &str, url: &str| Claim {
        collection: iri(collection),
        url: iri(url),
        digest: SetDigest::new(),
    };
    let (alice, own) = (iri(ALICE), "https://example.org/users/1/followers");
    let followers = iri(own);
    let check = |claim: Claim| claim.check(&alice, Some(&followers));
    assert_eq!(check(claim(own, "https://example.org/sync")), Ok(()));
    assert_eq!(
        check(claim(
            "https://example.org/users/2/followers",
            "https://example.org/sync"
        )),
        Err(BadClaim::NotTheFollowers)
    );
    for elsewhere in [
        "https://evil.example/sync",
        "http://example.org/sync",
        "https://example.org:8443/sync",
    ] {
        assert_eq!(
            check(claim(own, elsewhere)),
            Err(BadClaim::Foreign),
            "{elsewhere}"
        );
    }
    assert_eq!(
        claim(own, own).check(&alice, None),
        Err(BadClaim::NotTheFollowers)
    );
    // An actor that names followers of somebody else's server.
    let foreign = iri("https://evil.example/followers");
    let claimed = claim("https://evil.example/followers", "https://example.org/sync");
    assert_eq!(claimed.check(&alice, Some(&foreign)), Err(BadClaim::Foreign));
}

#[test]
fn what_differs_is_told_apart() {
    let all = |ids: &[&str]| {
        ids.iter()
            .map(|id| iri(&format!("https://a.example/{id}")))
            .collect::<Vec<_>>()
    };
    let found = differences(
        &all(&["both", "asked", "stale", "both"]),
        &all(&["both", "lost"]),
        &all(&["asked", "waits"]),
    );
    assert_eq!(
        found,
        Differences {
            not_listed: all(&["lost"]),
            accepted: all(&["asked"]),
            not_following: all(&["stale"]),
        }
    );
}

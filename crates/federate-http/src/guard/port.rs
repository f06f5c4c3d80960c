//! Which ports are not for HTTP.
//!
//! Peers run on all sorts of ports, so this is a list of those that are refused: the
//! [bad ports of the Fetch standard](https://fetch.spec.whatwg.org/#port-blocking), and what else mail, directories,
//! databases, queues and cluster managers listen on. Below 1024 it is the same rule, with 80 in the list: a URL of
//! https that names it is a mistake. TLS is spoken to whatever answers, so what gets through to another service is a
//! ClientHello at most; the list keeps strangers from sending even that.

/// Whether a port may carry HTTP.
pub(super) fn is_http(port: u16) -> bool {
    BAD.binary_search(&port).is_err()
}

/// In order.
#[rustfmt::skip]
const BAD: &[u16] = &[
    // The plain services of old, files, shells, terminals, names, time.
    0, 1, 7, 9, 11, 13, 15, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 37, 42, 43, 49, 53, 67, 68, 69, 70, 77, 79,
    // Plain HTTP.
    80,
    87, 88, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 138, 139, 143, 161, 162, 177, 179,
    194, 209, 220, 389, 427, 445, 464, 465, 500, 502, 512, 513, 514, 515, 526, 530, 531, 532, 540, 543, 544, 548, 554,
    556, 563, 587, 593, 601, 623, 631, 636, 646, 749, 783, 853, 860, 873, 902, 953, 989, 990, 992, 993, 994, 995,
    // Proxies, tunnels, mail behind another port, databases and what they are managed by.
    1080, 1194, 1433, 1434, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 2525, 3050, 3128,
    3260, 3268, 3269, 3306, 3389, 3659, 4045, 4190, 4222, 4369, 5038, 5060, 5061, 5222, 5269, 5353, 5432, 5433, 5601,
    5671, 5672, 5900, 5901, 5984, 5985, 5986, 6000, 6379, 6380, 6432, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679,
    6697, 7000, 7001, 7199, 7474, 7687, 8086, 8125, 8300, 8301, 8500, 8529, 8600, 8883, 8983, 9042, 9092, 9100, 9160,
    9200, 9300, 9418, 9600, 10080, 10250, 10255, 10257, 10259, 11211, 11300, 15672, 26257, 26379, 27017, 27018, 27019,
    28015, 33060, 50000, 50070, 61616,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n6_the_list_is_in_order() {
        assert!(BAD.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn n6_the_bad_ports_of_the_fetch_standard_and_other_services() {
        #[rustfmt::skip]
        let fetch = [
            0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
            109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526,
            530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659,
            4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
        ];
        let services = [
            80, 88, 445, 873, 1433, 1521, 1883, 2375, 3306, 5432, 5672, 6379, 9042, 9092, 9200, 11211, 26257,
            27017,
        ];
        for port in fetch.into_iter().chain(services) {
            assert!(!is_http(port), "{port}");
        }
    }

    #[test]
    fn ports_that_peers_use() {
        for port in [
            443, 444, 591, 808, 1023, 1024, 3000, 3001, 4000, 4430, 5000, 8000, 8008, 8080, 8443, 8448, 9443,
            65535,
        ] {
            assert!(is_http(port), "{port}");
        }
    }
}

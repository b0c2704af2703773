//! The clients that share a resource, by address.

use std::net::{IpAddr, Ipv6Addr};

/// The identity of a client for its share: its address, for IPv6 its network; `None` for a Unix
/// socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::http) struct Client(Option<IpAddr>);

impl Client {
    pub(in crate::http) const LOCAL: Self = Self(None);

    pub(in crate::http) fn of(address: IpAddr) -> Self {
        Self(Some(match address.to_canonical() {
            // A provider assigns at least a /64 to a customer.
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
                address.to_bits() & !u128::from(u64::MAX),
            )),
            address @ IpAddr::V4(_) => address,
        }))
    }
}

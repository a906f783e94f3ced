//! Addresses from which an application may call.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

/// A list of networks. An empty list allows every address; tokens are then
/// bound to the one they were issued to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses(Vec<IpNet>);

impl Addresses {
    /// `10.1.2.0/24`, `10.1.2.3`, `2001:db8::/32`; the first that cannot be read is the error.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let one = |text: &str| {
            text.parse::<IpNet>()
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| text.to_owned())
        };
        texts
            .into_iter()
            .map(|text| one(text.trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }
}

/// One form for an address, however the socket showed it.
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Where a call without a socket comes from.
pub const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

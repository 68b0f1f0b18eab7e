#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <linux/filter.h>

namespace roost::connection {

/// How many client keys one filter can name.
inline constexpr std::size_t max_filtered_keys = 64;

/// A classic BPF program for a TCP socket, IPv4, IPv6 or both: drops every packet that comes from
/// one of the clients and passes all others whole. Works on the network header (SKF_NET_OFF), since
/// the kernel hands a socket's filter the packet from the TCP header on.
/// @param keys as client_key() writes them, `192.0.2.7` or `2001:db8::/64`. Others are left out, as
/// are those after the first max_filtered_keys.
/// @return empty when nothing is left to drop.
std::vector<sock_filter> syn_filter_program(const std::vector<std::string>& keys);

/// Makes the kernel drop the packets of these clients that reach a listening TCP socket, in place
/// of what it dropped before: their SYNs, so that their connections are never made, and the last
/// ACK of handshakes under way. Their kernels send the SYN again after a second or so, and get in
/// if they are no longer named then. Kernels since Linux commit 5d39580f68e6 (2026, in stable
/// series too) want CAP_NET_ADMIN for this, older ones nothing.
///
/// Connections that were accepted before are not touched: they have their own filter, which is
/// the one that the listener had when they came, or none. So one that comes now keeps this filter
/// for as long as it lives. That is harmless and is left so: the filter names only addresses that
/// were banned when this one was not, and a connection never changes its peer's address. It costs
/// some tens of nanoseconds a packet.
///
/// @param keys none (or none that can be named): no filter any more.
/// @return false when the kernel says no; errno tells why, and the filter is as it was.
bool attach_syn_filter(int listener_fd, const std::vector<std::string>& keys);

} // namespace roost::connection

// What test:///default holds when it is opened first: libvirt's own example objects. Loop thread only.
#pragma once

namespace virtue::test {

class Instance;

/// Puts the default guest, network, pool, interface and devices into an empty instance.
void fill_default(Instance& in);

}  // namespace virtue::test

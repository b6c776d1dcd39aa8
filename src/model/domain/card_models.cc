#include "model/domain/card_models.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace virtue::model {

std::optional<std::string_view> known_card(std::string_view model) {
    static constexpr std::string_view words[] = {"netfront",
                                                 "rtl8139",
                                                 "virtio",
                                                 "e1000",
                                                 "e1000e",
                                                 "virtio-transitional",
                                                 "virtio-non-transitional",
                                                 "usb-net",
                                                 "spapr-vlan",
                                                 "lan9118",
                                                 "scm91c111",
                                                 "vlance",
                                                 "vmxnet",
                                                 "vmxnet2",
                                                 "vmxnet3",
                                                 "Am79C970A",
                                                 "82540EM",
                                                 "82545EM",
                                                 "82543GC"};
    const auto same = [](char a, char b) { return std::tolower(uint8_t(a)) == std::tolower(uint8_t(b)); };
    for (std::string_view word : words)
        if (std::equal(word.begin(), word.end(), model.begin(), model.end(), same)) return word;
    return std::nullopt;
}

}  // namespace virtue::model

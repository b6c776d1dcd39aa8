// Finds objects by what the user typed, and small things that many commands share. Loop thread only.
#pragma once
#include <string>

#include "protocol/references.h"
#include "shell/context.h"

namespace virtue::shell {

/// The object that the option names: a domain by id, UUID or name; the others by UUID or name. Throw Failure in virsh's
/// words.
Task<proc::DomainRef> find_domain(Context& context, std::string text);
Task<proc::NetworkRef> find_network(Context& context, std::string text);
Task<proc::StoragePoolRef> find_pool(Context& context, std::string text);
/// A volume by name in `pool`, or by key or path. `pool_option` is the option that would have named the pool.
Task<proc::StorageVolumeRef> find_volume(Context& context, std::string text, std::optional<std::string> pool,
                                         const char* pool_option = "pool");
Task<proc::SecretRef> find_secret(Context& context, std::string text);
Task<proc::NwfilterRef> find_nwfilter(Context& context, std::string text);
Task<proc::InterfaceRef> find_interface(Context& context, std::string text);
Task<proc::NodeDeviceRef> find_node_device(Context& context, std::string text);

/// The domain of option "domain".
inline Task<proc::DomainRef> the_domain(Context& context, const Arguments& arguments) {
    return find_domain(context, arguments.text("domain"));
}

/// The file's text. Throws Failure.
std::string read_input(const std::string& path);
/// The text itself when it begins with '<', else the file's.
std::string xml_or_file(const std::string& text);

/// Copies of the descriptors of "3,4", which stay the user's. Throws Failure.
std::vector<Fd> descriptors_of(const std::string& list);

/// Throws UsageError "Options --a and --b are mutually exclusive" when both are given.
void exclude(const Arguments& arguments, std::string_view one, std::string_view other);
/// Throws UsageError "Option --b is required by option --a" when only a is given.
void require(const Arguments& arguments, std::string_view one, std::string_view other);
/// The VIR_DOMAIN_AFFECT_* flags of --live, --config, --current and --persistent.
struct Affect {
    uint32_t flags = 0;
    bool given = false;  ///< any of the options was there
};
Affect affect_of(const Arguments& arguments);
/// `flag` if the option is there, else 0.
inline uint32_t flag_if(const Arguments& arguments, std::string_view option, uint32_t flag) {
    return arguments.has(option) ? flag : 0;
}
/// The XML, or of it what --xpath finds (--wrap as virsh).
Result xml_result(const Arguments& arguments, std::string xml);

/// "running", "shut off" and so on: libvirt's words for virDomainState; "no state" for others.
std::string_view state_word(int32_t state);
std::string_view state_reason_word(int32_t state, int32_t reason);
/// A typed parameter's value for programs, for people, and a list of them as "name : value".
Value parameter_value(const proc::TypedParameter& parameter);
std::string parameter_text(const proc::TypedParameter& parameter);
Result parameters_result(const std::vector<proc::TypedParameter>& parameters, size_t width);
/// A CPU map of the wire as "0-3,5".
std::string cpu_list(const uint8_t* map, size_t bytes, size_t cpus);
/// "12.50 GiB" in parts; binary units as virsh shows them.
struct Scaled {
    double value;
    const char* unit;
};
Scaled scaled(uint64_t bytes);

}  // namespace virtue::shell

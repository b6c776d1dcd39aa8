// table
// Secrets.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// virConnectNumOfSecrets.
struct ConnectNumOfSecrets : Procedure<139, Program::remote> {
    static constexpr std::string_view api = "virConnectNumOfSecrets";
    static constexpr std::string_view since = "0.7.1";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::connect_search_secrets};
    static constexpr Permission filter = Permission::secret_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t num = 0;
        WIRE(num)
    };
};

/// virConnectListSecrets.
struct ConnectListSecrets : Procedure<140, Program::remote> {
    static constexpr std::string_view api = "virConnectListSecrets";
    static constexpr std::string_view since = "0.7.1";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::connect_search_secrets};
    static constexpr Permission filter = Permission::secret_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t maxuuids = 0;
        WIRE(maxuuids)
    };
    struct Ret {
        List<std::string, secret_list_max> uuids;
        WIRE(uuids)
    };
};

/// virSecretLookupByUUID.
struct SecretLookupByUuid : Procedure<141, Program::remote> {
    static constexpr std::string_view api = "virSecretLookupByUUID";
    static constexpr std::string_view since = "0.7.1";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::secret_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        Uuid uuid;
        WIRE(uuid)
    };
    struct Ret {
        SecretRef secret;
        WIRE(secret)
    };
};

/// virSecretDefineXML.
struct SecretDefineXml : Procedure<142, Program::remote> {
    static constexpr std::string_view api = "virSecretDefineXML";
    static constexpr std::string_view since = "0.7.1";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::secret_write, Permission::secret_save};
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string xml;
        uint32_t flags = 0;
        WIRE(xml, flags)
    };
    struct Ret {
        SecretRef secret;
        WIRE(secret)
    };
};

/// virSecretGetXMLDesc.
struct SecretGetXmlDesc : Procedure<143, Program::remote> {
    static constexpr std::string_view api = "virSecretGetXMLDesc";
    static constexpr std::string_view since = "0.7.1";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::secret_read};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        SecretRef secret;
        uint32_t flags = 0;
        WIRE(secret, flags)
    };
    struct Ret {
        std::string xml;
        WIRE(xml)
    };
};

/// virSecretSetValue.
struct SecretSetValue : Procedure<144, Program::remote> {
    static constexpr std::string_view api = "virSecretSetValue";
    static constexpr std::string_view since = "0.7.1";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::secret_write};
    static constexpr Priority priority = Priority::high;
    struct Args {
        SecretRef secret;
        Opaque<secret_value_max> value;
        uint32_t flags = 0;
        WIRE(secret, value, flags)
    };
};

/// virSecretGetValue: refused for private secrets, whoever asks.
struct SecretGetValue : Procedure<145, Program::remote> {
    static constexpr std::string_view api = "virSecretGetValue";
    static constexpr std::string_view since = "0.7.1";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::secret_read_secure};
    static constexpr Priority priority = Priority::high;
    struct Args {
        SecretRef secret;
        uint32_t flags = 0;
        WIRE(secret, flags)
    };
    struct Ret {
        Opaque<secret_value_max> value;
        WIRE(value)
    };
};

/// virSecretUndefine.
struct SecretUndefine : Procedure<146, Program::remote> {
    static constexpr std::string_view api = "virSecretUndefine";
    static constexpr std::string_view since = "0.7.1";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::secret_delete};
    static constexpr Priority priority = Priority::high;
    struct Args {
        SecretRef secret;
        WIRE(secret)
    };
};

/// virSecretLookupByUsage.
struct SecretLookupByUsage : Procedure<147, Program::remote> {
    static constexpr std::string_view api = "virSecretLookupByUsage";
    static constexpr std::string_view since = "0.7.1";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::secret_getattr};
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t usage_type = 0;
        std::string usage_id;
        WIRE(usage_type, usage_id)
    };
    struct Ret {
        SecretRef secret;
        WIRE(secret)
    };
};

/// virConnectListAllSecrets.
struct ConnectListAllSecrets : Procedure<287, Program::remote> {
    static constexpr std::string_view api = "virConnectListAllSecrets";
    static constexpr std::string_view since = "0.10.2";
    static constexpr DriverKind kind = DriverKind::secret;
    static constexpr Access access{Permission::connect_search_secrets};
    static constexpr Permission filter = Permission::secret_getattr;
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t need_results = 0;
        uint32_t flags = 0;
        WIRE(need_results, flags)
    };
    struct Ret {
        List<SecretRef, secret_list_max> secrets;
        uint32_t ret = 0;
        WIRE(secrets, ret)
    };
};

/// Every procedure of this file, for the registry.
using SecretProcedures =
    Procedures<ConnectNumOfSecrets, ConnectListSecrets, SecretLookupByUuid, SecretDefineXml, SecretGetXmlDesc,
               SecretSetValue, SecretGetValue, SecretUndefine, SecretLookupByUsage, ConnectListAllSecrets>;

}  // namespace virtue::proc

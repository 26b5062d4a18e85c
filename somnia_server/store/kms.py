"""A key service that keeps the key of the master key: the master lies on this server wrapped, and is opened at the start."""

from collections.abc import Callable
from typing import Any, Protocol

from somnia_server import egress
from somnia_server.key_settings import region_of
from somnia_server.settings import Settings, SettingsError

CONTEXT = {"somnia": "master key"}
"""What a wrapped master is bound to at the service, and named by in its log."""
PATIENCE_S = 5
TRIES = 3


class Kms(Protocol):
    """What makes master keys and opens the form in which they are kept."""

    def new_key(self) -> tuple[bytes, bytes]:
        """Return a new 32-byte key, and what to keep of it."""
        ...

    def open_key(self, kept: bytes) -> bytes:
        """Return the key that was kept."""
        ...


class KmsError(SettingsError):
    """The key service did not give the master key."""


class AwsKms:
    """AWS KMS, or a service that speaks its language; credentials and region come from the usual AWS variables."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key_id = settings.keys.kms_key_id or ""
        self._client: Any = None

    def new_key(self) -> tuple[bytes, bytes]:
        """Return a new data key, and the same wrapped by the service's key."""
        answer = self._ask("generate_data_key", KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=CONTEXT)
        return answer["Plaintext"], answer["CiphertextBlob"]

    def open_key(self, kept: bytes) -> bytes:
        """Return the data key of a wrapped one; the service finds by itself which of its keys wrapped it."""
        plain: bytes = self._ask("decrypt", CiphertextBlob=kept, EncryptionContext=CONTEXT)["Plaintext"]
        return plain

    def _ask(self, operation: str, **given: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        try:
            call: Callable[..., dict[str, Any]] = getattr(self._opened(), operation)
            return call(**given)
        except egress.EgressRefusedError as error:
            raise KmsError(f"SOMNIA_KMS_KEY_ID={self._key_id}: {error}") from error
        except (BotoCoreError, ClientError) as error:
            raise KmsError(
                f"SOMNIA_KMS_KEY_ID={self._key_id}: the key service did not answer {operation} with a key ({error}); "
                "check the key's id, its policy, the credentials and the region"
            ) from error

    def _opened(self) -> Any:
        egress.check("kms", self._settings)
        if self._client is None:
            import boto3  # type: ignore[import-untyped]
            from botocore.config import Config  # type: ignore[import-untyped]

            tries = {"total_max_attempts": TRIES, "mode": "standard"}
            patience = Config(connect_timeout=PATIENCE_S, read_timeout=PATIENCE_S, retries=tries)
            self._client = boto3.client(
                "kms", endpoint_url=self._settings.keys.kms_endpoint, region_name=region_of(self._key_id), config=patience
            )
        return self._client

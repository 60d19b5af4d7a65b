"""OTLP over gRPC."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc

from otel_ml.service.consumer import Busy, Consumer
from otel_ml.service.otlp import SIGNALS, Malformed, Signal, status

_logger = logging.getLogger(__name__)
_STATUS_KEY = "grpc-status-details-bin"
_STREAMS_PER_CONNECTION = 16
_CALLS = 256


def build(consumer: Consumer, pool: ThreadPoolExecutor, max_message_bytes: int) -> grpc.Server:
    """A server for the three signals that is neither bound nor started.

    Args:
        consumer: Gets the messages.
        pool: Runs the calls; its size is the bound on messages in work.
        max_message_bytes: Bound on a message, also after decompression.
    """
    server = grpc.server(
        pool,
        options=[
            ("grpc.max_receive_message_length", max_message_bytes),
            # gRPC shares a port among processes by default: a second server would silently get half the data.
            ("grpc.so_reuseport", 0),
            # Beyond this a sender waits, where beyond `maximum_concurrent_rpcs` it would be refused and lose its data.
            ("grpc.max_concurrent_streams", _STREAMS_PER_CONNECTION),
        ],
        maximum_concurrent_rpcs=_CALLS,
    )
    server.add_generic_rpc_handlers(
        [
            # Bytes in, bytes out: the stock servicers would answer a malformed message as an error of the server.
            grpc.method_handlers_generic_handler(
                signal.service, {"Export": grpc.unary_unary_rpc_method_handler(_export(signal, consumer))}
            )
            for signal in SIGNALS
        ]
    )
    return server


def _export(signal: Signal, consumer: Consumer) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    success = signal.response().SerializeToString()

    def export(body: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            signal.consume(consumer, signal.parse(body))
        except Malformed as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except Busy as busy:
            code = grpc.StatusCode.UNAVAILABLE
            details = status(code.value[0], str(busy), busy).SerializeToString()
            context.set_trailing_metadata(((_STATUS_KEY, details),))
            context.abort(code, str(busy))
        except Exception:
            _logger.exception("the consumer failed on a message")
            context.abort(grpc.StatusCode.INTERNAL, "the consumer failed")
        return success

    return export

"""HTTP servers that are well kept, answering every POST alike: a part of ``benchmarks/http_side.py``.

``python benchmarks/rivals/http_servers.py aiohttp|uvicorn PORT ANSWER`` runs where nothing of the project is installed:
aiohttp's server, or starlette on uvicorn with uvloop and httptools, without a log of the requests.
"""

import sys


def serve_aiohttp(port: int, answer: bytes) -> None:
    from aiohttp import web

    async def put(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=answer, content_type="application/x-amz-json-1.1")

    app = web.Application(client_max_size=32 * 1024 * 1024)
    app.add_routes([web.post("/", put)])
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


def serve_uvicorn(port: int, answer: bytes) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def put(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/x-amz-json-1.1")

    app = Starlette(routes=[Route("/", put, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False, loop="uvloop", http="httptools")


if __name__ == "__main__":
    serve = {"aiohttp": serve_aiohttp, "uvicorn": serve_uvicorn}[sys.argv[1]]
    serve(int(sys.argv[2]), sys.argv[3].encode())

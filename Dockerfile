# One producer: a venue's feed, or the synthetic market, into Kinesis. No Spark, no Java.
#
#   docker build --tag tapehouse-producer .
#   docker run --env FEED=kraken --env SYMBOLS=BTC-USD … tapehouse-producer
#
# docs/operations.md tells its settings, its volume and its health check.

FROM python:3.13-slim AS requirements
COPY requirements-producers.txt /
RUN python -m venv /opt/tapehouse \
    && /opt/tapehouse/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
       --requirement /requirements-producers.txt \
    && /opt/tapehouse/bin/pip uninstall --yes pip

FROM python:3.13-slim
# A number, so that who runs it can see that it is not root. Its marks are to outlive the container: mount /state.
RUN groupadd --system --gid 10001 tapehouse \
    && useradd --system --uid 10001 --gid tapehouse --no-create-home --shell /usr/sbin/nologin tapehouse \
    && install --directory --owner tapehouse --group tapehouse /state
COPY --from=requirements /opt/tapehouse /opt/tapehouse
COPY tapehouse /app/tapehouse
COPY producers /app/producers
RUN /opt/tapehouse/bin/python -m compileall -q /app
WORKDIR /app
ENV PATH=/opt/tapehouse/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TAPEHOUSE_STATE_FOLDER=/state \
    TAPEHOUSE_HEARTBEAT=/tmp/tapehouse-producer.json
USER 10001:10001
VOLUME /state
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-m", "producers.health"]
ENTRYPOINT ["python", "-m", "producers"]

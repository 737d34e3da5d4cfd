#!/bin/sh
# Makes secrets/ for compose.yaml: random passwords, each in a file of its own. What is there already stays.
# The folder is for its owner only. The files in it are readable, since the containers' users are others.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p secrets
chmod 700 secrets
cd secrets

random() { od -An -N 24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -s "$1" ] || printf '%s' "$2" > "$1"; chmod 644 "$1"; }

keep secret_key "$(random)"
keep intuit_client_secret sandbox
keep postgres_password "$(random)"
keep grafana_password "$(random)"
keep broker_password "$(random)"
broker=$(cat broker_password)
keep rabbitmq.conf "default_vhost = counterfoil
default_user = counterfoil
default_pass = $broker
"
keep broker_url "amqp://counterfoil:$broker@rabbitmq:5672/counterfoil"
keep management_url "http://counterfoil:$broker@rabbitmq:15672"
keep database_url "postgresql+psycopg://counterfoil:$(cat postgres_password)@postgres:5432/counterfoil"
echo "secrets/ is complete. Put your Intuit app's secret into secrets/intuit_client_secret (the demo needs none)."

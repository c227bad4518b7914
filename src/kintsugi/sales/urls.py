"""Pages of sales."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from kintsugi.sales import forms_contract as contract
from kintsugi.sales import forms_delivery as delivery
from kintsugi.sales import forms_order as order
from kintsugi.sales import pages_return as returns
from kintsugi.sales import pages_scan as scan
from kintsugi.sales.pages_contract import CONTRACT_PAGE, VERSION_PAGE
from kintsugi.sales.pages_delivery import DELIVERY_PAGE, WAVE_PAGE
from kintsugi.sales.pages_order import CONFIRMATION, ORDER_PAGE
from kintsugi.sales.papers import PAPERS, paper
from kintsugi.sales.screens import CONTRACTS, ORDERS, PRICES
from kintsugi.sales.screens_delivery import DELIVERIES, RETURNS, WAVES
from kintsugi.sales.selectors.deliveries import DELIVERY_TABS
from kintsugi.sales.selectors.orders import TABS


class ToDoConverter(StringConverter):
    """What is to be done with orders."""

    regex = "|".join(TABS)


class DeliveryToDoConverter(StringConverter):
    """What is to be done with deliveries."""

    regex = "|".join(DELIVERY_TABS)


class PaperConverter(StringConverter):
    """The papers of a delivery."""

    regex = "|".join(PAPERS)


register_converter(ToDoConverter, "sales_to_do")
register_converter(DeliveryToDoConverter, "delivery_to_do")
register_converter(PaperConverter, "delivery_paper")

app_name = "sales"
ORDER = "orders/<uuid:pk>/"
CONTRACT = "contracts/<uuid:pk>/"
DELIVERY = "deliveries/<uuid:pk>/"
RETURN = "returns/<uuid:pk>/"
urlpatterns = [
    path("orders/", ORDERS.as_view(), name="orders"),
    path("orders/to-do/<sales_to_do:todo>/", ORDERS.as_view(), name="orders-to-do"),
    path("orders/new/", order.TAKE.as_view(), name="take-order"),
    path(ORDER, ORDER_PAGE.as_view(), name="order"),
    path(f"{ORDER}confirmation/", CONFIRMATION.as_view(), name="confirmation"),
    path(f"{ORDER}change/", order.CHANGE.as_view(), name="change-order"),
    path(f"{ORDER}reduce/", order.REDUCE.as_view(), name="reduce-order"),
    path(f"{ORDER}submit/", order.SUBMIT.as_view(), name="submit-order"),
    path(f"{ORDER}approve/", order.APPROVE.as_view(), name="approve-order"),
    path(f"{ORDER}send-back/", order.SEND_BACK.as_view(), name="send-back-order"),
    path(f"{ORDER}credit/", order.AGREE_CREDIT.as_view(), name="agree-credit"),
    path(f"{ORDER}choice/", order.AGREE_CHOICE.as_view(), name="agree-choice"),
    path(f"{ORDER}reserve/", order.RESERVE.as_view(), name="reserve-order"),
    path(f"{ORDER}release/", order.RELEASE.as_view(), name="release-order"),
    path(f"{ORDER}cancel/", order.CANCEL.as_view(), name="cancel-order"),
    path(f"{ORDER}hold/", order.HOLD.as_view(), name="hold-order"),
    path(f"{ORDER}resume/", order.RESUME.as_view(), name="resume-order"),
    path(f"{ORDER}close/", order.CLOSE.as_view(), name="close-order"),
    path("contracts/", CONTRACTS.as_view(), name="contracts"),
    path("contracts/new/", contract.WRITE.as_view(), name="write-contract"),
    path(CONTRACT, CONTRACT_PAGE.as_view(), name="contract"),
    path(f"{CONTRACT}versions/<int:no>/", VERSION_PAGE.as_view(), name="contract-version"),
    path(f"{CONTRACT}change/", contract.VARY.as_view(), name="vary-contract"),
    path(f"{CONTRACT}submit/", contract.SUBMIT_CONTRACT.as_view(), name="submit-contract"),
    path(f"{CONTRACT}approve/", contract.APPROVE_CONTRACT.as_view(), name="approve-contract"),
    path(f"{CONTRACT}refuse/", contract.REFUSE_CONTRACT.as_view(), name="refuse-contract"),
    path(f"{CONTRACT}drop/", contract.DROP_VARIATION.as_view(), name="drop-variation"),
    path(f"{CONTRACT}end/", contract.END_CONTRACT.as_view(), name="end-contract"),
    path("deliveries/", DELIVERIES.as_view(), name="deliveries"),
    path("deliveries/to-do/<delivery_to_do:what>/", DELIVERIES.as_view(), name="deliveries-to-do"),
    path(DELIVERY, DELIVERY_PAGE.as_view(), name="delivery"),
    path(f"{DELIVERY}paper/<delivery_paper:kind>/", paper, name="delivery-paper"),
    path(f"{DELIVERY}assign/", delivery.ASSIGN.as_view(), name="assign-delivery"),
    path(f"{DELIVERY}pick/", scan.PICK, name="pick"),
    path(f"{DELIVERY}put-back/", scan.PUT_BACK, name="put-back"),
    path(f"{DELIVERY}check/", scan.CHECK, name="check"),
    path(f"{DELIVERY}finish/", delivery.FINISH.as_view(), name="finish-picking"),
    path(f"{DELIVERY}reopen/", delivery.REOPEN.as_view(), name="reopen-picking"),
    path(f"{DELIVERY}start-check/", delivery.START_CHECK.as_view(), name="start-check"),
    path(f"{DELIVERY}pass-check/", delivery.PASS_CHECK.as_view(), name="pass-check"),
    path(f"{DELIVERY}fail-check/", delivery.FAIL_CHECK.as_view(), name="fail-check"),
    path(f"{DELIVERY}ship/", delivery.SHIP.as_view(), name="ship"),
    path(f"{DELIVERY}hand-over/", delivery.HAND_OVER.as_view(), name="hand-over"),
    path(f"{DELIVERY}reverse/", delivery.REVERSE.as_view(), name="reverse-shipment"),
    path(f"{DELIVERY}cancel/", delivery.CANCEL_DELIVERY.as_view(), name="cancel-delivery"),
    path(f"{DELIVERY}sign/", delivery.SIGN.as_view(), name="sign"),
    path(f"{DELIVERY}use/", delivery.REPORT_USE.as_view(), name="report-use"),
    path(f"{DELIVERY}take-back/", delivery.TAKE_BACK.as_view(), name="take-back"),
    path(f"{DELIVERY}return/", delivery.ASK_RETURN.as_view(), name="ask-return"),
    path("waves/", WAVES.as_view(), name="waves"),
    path("waves/new/", delivery.MAKE_WAVE.as_view(), name="make-wave"),
    path("waves/<uuid:pk>/", WAVE_PAGE.as_view(), name="wave"),
    path("returns/", RETURNS.as_view(), name="returns"),
    path(RETURN, returns.RETURN_PAGE.as_view(), name="return"),
    path(f"{RETURN}approve/", returns.APPROVE_RETURN.as_view(), name="approve-return"),
    path(f"{RETURN}reject/", returns.REJECT_RETURN.as_view(), name="reject-return"),
    path(f"{RETURN}receive/", returns.RECEIVE_RETURN.as_view(), name="receive-return"),
    path(f"{RETURN}inspect/", returns.INSPECT_RETURN.as_view(), name="inspect-return"),
    path(f"{RETURN}exchange/", returns.EXCHANGE.as_view(), name="exchange"),
    path(f"{RETURN}close/", returns.CLOSE_RETURN.as_view(), name="close-return"),
    path("prices/", PRICES.as_view(), name="prices"),
    path("prices/new/", contract.SET_PRICE.as_view(), name="set-price"),
    path("prices/<uuid:pk>/end/", contract.END_PRICE.as_view(), name="end-price"),
]
